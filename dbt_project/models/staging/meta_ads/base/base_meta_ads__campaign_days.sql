with costs as (
    select * from {{ ref('base_meta_ads__costs') }}
),

ads as (
    select * from {{ ref('base_meta_ads__ads') }}
),

lineage as (
    select {{ lineage_columns('costs') }} from costs
    union all
    select {{ lineage_columns('ads') }} from ads
    union all
    select {{ lineage_columns('campaigns') }} from {{ ref('base_meta_ads__campaigns') }} as campaigns
),

-- An insight that names its campaign is believed; else it is the ad's, by the ad's history.
owned as (
    select
        costs.*,
        coalesce(costs.campaign_id, ads.campaign_id) as owner_id,
        case when ads.from_step > costs.from_step then ads.from_step else costs.from_step end as owned_from_step,
        case when costs.until_step is null or ads.until_step < costs.until_step then coalesce(ads.until_step, costs.until_step) else costs.until_step end
            as owned_until_step
    from costs
    left join ads
        on
            costs.source = ads.source
            and costs.ad_id = ads.ad_id
            and costs.campaign_id is null
            and (costs.from_step < ads.until_step or ads.until_step is null)
            and (ads.from_step < costs.until_step or costs.until_step is null)
    where not costs.is_deleted
),

-- What is spent for a campaign nobody knows is spent all the same.
pieces as (
    select
        owned.source,
        coalesce(known_as.value, owned.owner_id, '(none)') as campaign_id,
        owned.currency,
        owned.spend_date,
        owned.cost,
        owned.impressions,
        owned.clicks,
        case when owned.owned_from_step = owned.from_step then owned.known_at end as known_at,
        owned.owned_from_step as from_step,
        owned.owned_until_step as until_step
    from owned
    left join {{ registry_settings('campaign_id') }} as known_as
        on owned.source = known_as.source and owned.owner_id = known_as.name
),

{{ campaign_day_versions('meta_ads') }}
