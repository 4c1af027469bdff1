-- A campaign is whatever spend, a lead or a touch names; what it is called and its channel are what spend said last.
with named as (
    select platform, campaign_id
    from {{ ref('int_spend__current') }}
    union
    select platform, campaign_id
    from {{ ref('int_leads__current') }}
    where campaign_id is not null
    union
    select nullif(platform, '(none)') as platform, campaign_id
    from {{ ref('fct_touches') }}
    where campaign_id <> '(none)'
    union
    select null as platform, null as campaign_id
),

spent as (
    select
        platform,
        campaign_id,
        campaign_name,
        channel,
        row_number() over (
            partition by platform, campaign_id
            order by
                spend_date desc,
                campaign_name desc nulls last,
                channel desc nulls last,
                source asc,
                currency asc nulls first
        ) as place
    from {{ ref('int_spend__current') }}
),

currencies as (
    select
        platform,
        campaign_id,
        count(distinct coalesce(currency, '')) as currency_count,
        min(currency) as currency,
        min(spend_date) as first_spend_date,
        max(spend_date) as last_spend_date
    from {{ ref('int_spend__current') }}
    group by platform, campaign_id
)

select
    md5({{ canonical_text(['named.platform', 'named.campaign_id']) }}) as campaign_key,
    {{ dimension('named.platform') }} as platform,
    {{ dimension('named.campaign_id') }} as campaign_id,
    spent.campaign_name,
    {{ dimension('spent.channel') }} as channel,
    case when currencies.currency_count = 1 then {{ dimension('currencies.currency') }} end as currency,
    currencies.first_spend_date,
    currencies.last_spend_date
from named
left join spent
    on named.platform is not distinct from spent.platform and named.campaign_id = spent.campaign_id and spent.place = 1
left join currencies
    on named.platform is not distinct from currencies.platform and named.campaign_id = currencies.campaign_id
