-- At either level, in every model: costs are those of the platforms, credits those of fct_channel_performance.
with costs as (
    select attribution_model, level, currency, sum(cost) as cost
    from {{ ref('fct_channel_costs') }}
    where cost is not null
    group by attribution_model, level, currency
),

spend as (
    select currency, sum(cost) as cost
    from {{ ref('fct_campaign_spend') }}
    group by currency
),

credits as (
    select attribution_model, level, sum(lead_credits) as lead_credits, sum(sql_credits) as sql_credits, sum(consult_credits) as consult_credits
    from {{ ref('fct_channel_costs') }}
    group by attribution_model, level
),

performance as (
    select attribution_model, sum(lead_credits) as lead_credits, sum(sql_credits) as sql_credits, sum(consult_credits) as consult_credits
    from {{ ref('fct_channel_performance') }}
    group by attribution_model
),

wanted as (
    select credits.attribution_model, credits.level, spend.currency, spend.cost
    from credits
    cross join spend
)

select wanted.attribution_model, wanted.level, wanted.currency as what, wanted.cost as expected, costs.cost as found
from wanted
left join costs
    on wanted.attribution_model = costs.attribution_model and wanted.level = costs.level and wanted.currency = costs.currency
where costs.cost is distinct from wanted.cost

union all

select credits.attribution_model, credits.level, 'credits' as what, performance.sql_credits, credits.sql_credits
from performance
left join credits on performance.attribution_model = credits.attribution_model
where
    performance.lead_credits is distinct from credits.lead_credits
    or performance.sql_credits is distinct from credits.sql_credits
    or performance.consult_credits is distinct from credits.consult_credits
