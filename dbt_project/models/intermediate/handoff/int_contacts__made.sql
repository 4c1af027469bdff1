{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- What staff did for a lead, in the version at as_of. A member of staff without a team in the event brings their own.
-- Equal staff ids of two sources are two people, unless one uses the lead ids and the staff of the other.
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
    case when staff.defined_by = sources.id_space then staff.defined_by else events.source end as staff_source,
    coalesce(events.team_id, staff.team_id) as team_id,
    events.kind in ('contact_made', 'screening') as is_contact,
    events.occurred_at,
    events.valid_from as effective_at
from {{ ref('int_work_events__versioned') }} as events
inner join {{ ref('int_records__merged') }} as merged on events.record_key = merged.record_key
left join {{ ref('int_staff__current') }} as staff on events.source = staff.source and events.staff_id = staff.staff_id
left join {{ ref('input__sources') }} as sources on events.source = sources.source
where events.is_current and {{ touched_only('events.record_key') }}
