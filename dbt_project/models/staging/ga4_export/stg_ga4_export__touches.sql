-- Events that a signal is mapped to and that belong to somebody. A later version of an event that is neither any more
-- (another mapping, an id taken back) ends the touch it may have been.
with events as (
    select
        landed.*,
        landed.signal is not null
        and coalesce(landed.lead_id, landed.anonymous_token, landed.click_token) is not null as is_touch
    from {{ landed('ga4_export', 'events') }} as landed
)

select
    md5(events.touch_token) as touch_id,
    events.lead_id,
    events.anonymous_token,
    events.occurred_at,
    coalesce(events.signal, events.event_name) as signal,
    events.service_line,
    events.topic,
    events.offer_id,
    events.form_id,
    events.channel,
    events.platform,
    events.campaign_id,
    events.click_token,
    events.click_id_type,
    events.session_token as session_id,
    events.page as landing_page,
    coalesce(events.is_deleted, false) or not events.is_touch as is_deleted,
    events.known_at,
    {{ lineage_columns('events') }}
from events
where events.is_touch or events._known_at_basis = 'landed'
