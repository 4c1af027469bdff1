select
    {{ dimension('platform') }} as platform,
    {{ dimension('campaign_id') }} as campaign_id,
    {{ dimension('currency') }} as currency,
    {{ dimension('max(channel)') }} as channel,
    cast(sum(cost) as decimal(18, 6)) as cost,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(clicks) as bigint) as clicks,
    spend_date
from {{ ref('int_spend__current') }}
group by {{ dimension('platform') }}, {{ dimension('campaign_id') }}, {{ dimension('currency') }}, spend_date
