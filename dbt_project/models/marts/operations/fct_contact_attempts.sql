{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

select
    contacts.lead_key,
    contacts.record_key,
    contacts.source,
    contacts.event_id,
    contacts.kind,
    {{ dimension('contacts.contact_channel') }} as contact_channel,
    {{ dimension('contacts.outcome') }} as outcome,
    {{ dimension('contacts.team_id') }} as team_id,
    {{ dimension('contacts.staff_id') }} as staff_id,
    contacts.is_contact,
    cast({{ open_micros_between('handoffs', 'contacts.occurred_at', 'moments') }} as double) / 60000000
        as business_minutes_since_handoff,
    contacts.occurred_at,
    contacts.effective_at
from {{ ref('int_contacts__made') }} as contacts
left join {{ ref('int_handoffs__timed') }} as handoffs on contacts.lead_key = handoffs.lead_key
left join {{ ref('int_moments__measured') }} as moments
    on
        handoffs.source = moments.source
        and handoffs.calendar_id = moments.calendar_id
        and contacts.occurred_at = moments.measured_at
where {{ touched_only('contacts.record_key') }}
