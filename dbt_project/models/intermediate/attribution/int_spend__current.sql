-- An ad platform restates what a day cost: the version at as_of holds, and a day it took back is gone.
with known as (
    select
        platform,
        campaign_id,
        campaign_name,
        channel,
        spend_date,
        coalesce(currency, '') as currency_or_none,
        currency,
        cost,
        impressions,
        clicks,
        coalesce(is_deleted, false) as is_deleted,
        known_at,
        {{ landing_order() }} as _landing,
        _source,
        _file_sha256,
        _row_no
    from {{ ref('input__spend') }}
    where known_at <= {{ as_of() }}
)

select
    _source as source,
    platform,
    campaign_id,
    campaign_name,
    channel,
    currency,
    is_tied,
    cost,
    impressions,
    clicks,
    spend_date,
    known_at
from {{ versions('known', ['_source', 'platform', 'campaign_id', 'spend_date', 'currency_or_none'], [
    'campaign_name', 'channel', 'cost', 'impressions', 'clicks', 'is_deleted'
], landing='_landing') }} as spanned
where not is_deleted and known_until = {{ end_of_time() }}
