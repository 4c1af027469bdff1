select
    days.platform,
    days.campaign_id,
    days.campaign_name,
    days.channel,
    days.spend_date,
    days.cost,
    days.currency,
    days.impressions,
    days.clicks,
    days.is_deleted,
    days.known_at,
    {{ lineage_columns('days') }}
from {{ ref('base_google_ads__campaign_days') }} as days
