-- What staff did for a lead, in the version at as_of. A member of staff without a team in the event brings their own.
select
    merged.lead_key,
    events.record_key,
    events.source,
    events.event_id,
    events.kind,
    events.contact_channel,
    events.outcome,
    events.checklist,
    events.staff_id,
    coalesce(events.team_id, staff.team_id) as team_id,
    events.kind in ('contact_made', 'screening') as is_contact,
    events.occurred_at,
    events.valid_from as effective_at
from {{ ref('int_work_events__versioned') }} as events
inner join {{ ref('int_records__merged') }} as merged on events.record_key = merged.record_key
left join {{ ref('int_staff__current') }} as staff on events.source = staff.source and events.staff_id = staff.staff_id
where events.is_current
