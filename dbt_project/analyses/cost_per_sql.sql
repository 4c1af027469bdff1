-- What did an SQL cost, by campaign, when the first touch takes the credit?
select
    platform,
    campaign_id,
    currency,
    sum(cost) as cost,
    sum(sql_credits) as sql_credits,
    round(sum(cost) / nullif(sum(sql_credits), 0), 2) as cost_per_sql
from {{ ref('fct_channel_performance') }}
where attribution_model = 'first' and cost is not null
group by platform, campaign_id, currency
order by cost_per_sql nulls last, platform, campaign_id
