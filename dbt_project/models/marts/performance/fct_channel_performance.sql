{% set counted = ['lead', 'mql', 'sql', 'appointment', 'consult'] %}
{% set parts = ['sql_criteria', 'sql_staff_confirmed', 'sql_self_scheduled', 'sql_crm_label', 'sql_by_new_version'] %}

-- Spend and credits meet where day, platform, channel and campaign agree; each stands alone where the other is absent.
with spend as (
    select
        {{ dimension('spent.platform') }} as platform,
        coalesce(spent.channel, campaigns.channel) as channel,
        {{ dimension('spent.campaign_id') }} as campaign_id,
        spent.spend_date,
        case when max(campaigns.currency) is not null then max(campaigns.currency) end as currency,
        case when max(campaigns.currency) is not null then cast(sum(spent.cost) as decimal(18, 6)) end as cost
    from {{ ref('int_spend__current') }} as spent
    inner join {{ ref('dim_campaigns') }} as campaigns
        on
            {{ dimension('spent.platform') }} = campaigns.platform
            and {{ dimension('spent.campaign_id') }} = campaigns.campaign_id
    group by
        {{ dimension('spent.platform') }},
        coalesce(spent.channel, campaigns.channel),
        {{ dimension('spent.campaign_id') }},
        spent.spend_date
),

spend_by_model as (
    select
        models.attribution_model,
        spend.*
    from spend
    cross join (
        {% for model in ['first', 'last', 'linear', 'position'] %}
        select '{{ model }}' as attribution_model
        {{ "union all" if not loop.last }}
        {% endfor %}
    ) as models
),

joined as (
    select
        coalesce(credited.attribution_model, spend.attribution_model) as attribution_model,
        coalesce(credited.platform, spend.platform) as platform,
        coalesce(credited.channel, spend.channel) as channel,
        coalesce(credited.campaign_id, spend.campaign_id) as campaign_id,
        spend.currency,
        {% for stage in counted + parts %}
        {{ units_of_micros('coalesce(credited.' ~ stage ~ '_micro_credits, 0)') }} as {{ stage }}_credits,
        {% endfor %}
        spend.cost,
        coalesce(credited.created_date, spend.spend_date) as created_date,
        credited.observed_from
    from {{ ref('int_channels__credited') }} as credited
    full outer join spend_by_model as spend
        on
            credited.attribution_model = spend.attribution_model
            and credited.platform = spend.platform
            and credited.channel = spend.channel
            and credited.campaign_id = spend.campaign_id
            and credited.created_date = spend.spend_date
)

select
    attribution_model,
    platform,
    channel,
    campaign_id,
    currency,
    created_date,
    {% for stage in counted + parts %}
    {{ stage }}_credits,
    {% endfor %}
    cost,
    {% for stage in counted %}
    case when {{ stage }}_credits > 0 then cast(cost as double) / cast({{ stage }}_credits as double) end as cost_per_{{ stage }},
    {% endfor %}
    observed_from
from joined
