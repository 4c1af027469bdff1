with reported as (
    select
        'basic_ad' as report,
        landed.account_id,
        landed.ad_id,
        landed.campaign_id,
        landed.is_deleted,
        landed.cost,
        landed.impressions,
        landed.clicks,
        landed.report_date as spend_date,
        landed.known_at,
        {{ lineage_columns('landed') }}
    from {{ landed('meta_ads', 'basic_ad') }} as landed
),

{{ cost_spans('meta_ads') }}
