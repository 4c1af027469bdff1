with costs as (
    select * from {{ ref('base_google_ads__costs') }}
),

lineage as (
    select {{ lineage_columns('costs') }} from costs
    union all
    select {{ lineage_columns('campaigns') }} from {{ ref('base_google_ads__campaigns') }} as campaigns
),

pieces as (
    select
        costs.source,
        coalesce(known_as.value, costs.campaign_id) as campaign_id,
        costs.currency,
        costs.spend_date,
        costs.cost,
        costs.impressions,
        costs.clicks,
        costs.known_at,
        costs.from_step,
        costs.until_step
    from costs
    left join {{ registry_settings('campaign_id') }} as known_as
        on costs.source = known_as.source and costs.campaign_id = known_as.name
    where not costs.is_deleted
),

{{ campaign_day_versions('google_ads') }}
