{% set stages = ['lead', 'mql', 'sql', 'appointment', 'consult'] %}
{% set parts = ['sql_criteria', 'sql_staff_confirmed', 'sql_self_scheduled', 'sql_crm_label', 'sql_by_new_version'] %}
{% set place = 'level, platform, channel, campaign_id' %}
{% set levels = ["'campaign' as level, platform, channel, campaign_id", "'channel' as level, '(all)' as platform, channel, '(all)' as campaign_id"] %}
{#- Two days more: wherever a lead is, its day and the horizon after it are over then. -#}
{% set followed_days = var('channel_horizon_days') ~ ' + 2' %}

with performance as (
    select *, {{ add_days('created_date', followed_days) }} <= cast({{ as_of() }} as date) and observed_from is null as is_mature
    from {{ ref('fct_channel_performance') }}
),

credits as (
    {% for level in levels %}
    select
        attribution_model, {{ level }}, is_mature,
        {% for stage in stages + parts %}
        sum({{ stage }}_credits) as {{ stage }}_credits{{ "," if not loop.last }}
        {% endfor %}
    from performance
    group by all
    {{ "union all" if not loop.last }}
    {% endfor %}
),

spent as (
    select
        {{ dimension('spent.platform') }} as platform,
        coalesce(spent.channel, campaigns.channel) as channel,
        {{ dimension('spent.campaign_id') }} as campaign_id,
        {{ dimension('spent.currency') }} as currency,
        {{ add_days('spent.spend_date', followed_days) }} <= cast({{ as_of() }} as date) and unseen.created_date is null as is_mature,
        spent.cost
    from {{ ref('int_spend__current') }} as spent
    inner join {{ ref('dim_campaigns') }} as campaigns
        on
            {{ dimension('spent.platform') }} = campaigns.platform
            and {{ dimension('spent.campaign_id') }} = campaigns.campaign_id
    left join (
        select distinct platform, channel, campaign_id, created_date from performance where observed_from is not null
    ) as unseen
        on
            campaigns.platform = unseen.platform
            and coalesce(spent.channel, campaigns.channel) = unseen.channel
            and campaigns.campaign_id = unseen.campaign_id
            and spent.spend_date = unseen.created_date
),

costs as (
    {% for level in levels %}
    select {{ level }}, currency, is_mature, sum(cost) as cost
    from spent
    group by all
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- Money of two currencies is never one sum: where several were spent, what they brought stands in a row of its own.
credits_placed as (
    select credits.*, coalesce(currencies.currency, '(none)') as currency
    from credits
    left join (
        select {{ place }}, case when count(distinct currency) = 1 then min(currency) else '(several)' end as currency
        from costs
        group by {{ place }}
    ) as currencies using ({{ place }})
),

joined as (
    select
        attribution_model, {{ place }}, currency, is_mature,
        cast({{ var('channel_horizon_days') }} as integer) as horizon_days,
        {% for stage in stages + parts %}
        cast(coalesce(credits_placed.{{ stage }}_credits, 0) as decimal(18, 6)) as {{ stage }}_credits,
        {% endfor %}
        cast(costs_by_model.cost as decimal(18, 6)) as cost
    from credits_placed
    full outer join (
        select models.attribution_model, costs.*
        from costs
        cross join (select distinct attribution_model from performance) as models
    ) as costs_by_model using (attribution_model, {{ place }}, currency, is_mature)
)

select
    *,
    {% for stage in stages %}
    {{ share_of('cost', stage ~ '_credits') }} as cost_per_{{ stage }},
    {% endfor %}
    {% for stage in ['sql', 'consult'] %}
    {{ share_of('cost', byar_high(stage ~ '_credits')) }} as cost_per_{{ stage }}_low,
    {{ share_of('cost', byar_low(stage ~ '_credits')) }} as cost_per_{{ stage }}_high,
    {% endfor %}
    {{ share_of('cost', 'sum(cost) over (partition by attribution_model, level, currency, is_mature)') }} as share_of_spend,
    case when cost is not null then {{ share_of(
        'sql_credits', 'sum(case when cost is not null then sql_credits end) over (partition by attribution_model, level, currency, is_mature)'
    ) }} end as share_of_paid_sql,
    {{ share_of('sql_credits', 'sum(sql_credits) over (partition by attribution_model, level, is_mature)') }} as share_of_sql
from joined
