-- A report of clicks knows their day alone: the click is at the day's beginning, and known when the day is over.
with told as (
    select
        landed.*,
        {{ account_timezone() }} as timezone,
        cast(coalesce(lag.value, '0') as bigint) as lag_micros,
        cast(landed.click_date as timestamp) as begun_local_at,
        cast({{ add_days('landed.click_date', 1) }} as timestamp) as ended_local_at
    from {{ landed('google_ads', 'click_view') }} as landed
    {{ join_accounts('google_ads', 'landed') }}
    left join {{ registry_settings('delivery_lag_micros') }} as lag on landed._source = lag.source
)

select
    told.gclid_token,
    told.wbraid_token,
    told.gbraid_token,
    platforms.value as platform,
    coalesce(known_as.value, told.campaign_id) as campaign_id,
    coalesce({{ local_instant('day_start', 'told.begun_local_at') }}, told.begun_local_at) as occurred_at,
    case
        when told._known_at_basis = 'event' and day_end.timezone is not null
            then {{ add_micros(local_instant('day_end', 'told.ended_local_at'), 'told.lag_micros') }}
        else told.known_at
    end as known_at,
    {{ lineage_columns('told') }}
from told
inner join {{ registry_settings('platform') }} as platforms on told._source = platforms.source
left join {{ registry_settings('campaign_id') }} as known_as
    on told._source = known_as.source and told.campaign_id = known_as.name
{{ join_offset('day_start', 'told.timezone', 'told.begun_local_at') }}
{{ join_offset('day_end', 'told.timezone', 'told.ended_local_at') }}
