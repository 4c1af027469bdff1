-- What does an SQL cost, and a consult, and who takes more of the money than they bring of the SQLs? By first touch, channels
-- before their campaigns, and only leads old enough to have become SQL. SQLs that new criteria made of leads that were waiting
-- make all after them look cheaper.
select
    level,
    channel,
    campaign_id,
    currency,
    cost,
    sql_credits,
    sql_criteria_credits,
    sql_by_new_version_credits,
    consult_credits,
    round(cost_per_lead, 2) as cost_per_lead,
    round(cost_per_sql, 2) as cost_per_sql,
    round(cost_per_sql_low, 2) as cost_per_sql_low,
    round(cost_per_sql_high, 2) as cost_per_sql_high,
    round(cost_per_consult, 2) as cost_per_consult,
    round(cost_per_consult_low, 2) as cost_per_consult_low,
    round(cost_per_consult_high, 2) as cost_per_consult_high,
    round(100 * share_of_spend, 1) as percent_of_spend,
    round(100 * share_of_paid_sql, 1) as percent_of_paid_sql,
    round(100 * share_of_sql, 1) as percent_of_all_sql
from {{ ref('fct_channel_costs') }}
where attribution_model = 'first' and is_mature and (level = 'channel' or cost is not null)
order by level desc, cost desc nulls last, channel, campaign_id, currency
