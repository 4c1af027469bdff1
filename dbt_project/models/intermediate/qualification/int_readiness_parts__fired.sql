{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{% set keys = ['record_key', 'criteria_version', 'rule_id', 'part_no', 'part_count'] %}

with record_versions as (
    select distinct record_key, criteria_version
    from {{ ref('int_record_criteria__spanned') }}
    where {{ touched_only('record_key') }}
),

bookings as (
    select
        appointments.record_key,
        appointments.source,
        appointments.appointment_id,
        appointments.booked_by,
        rules.criteria_version,
        rules.rule_id,
        rules.part_no,
        rules.part_count,
        appointments.booked_at as occurred_at,
        appointments.known_at,
        appointments.valid_from,
        appointments.valid_to
    from {{ ref('int_appointments__versioned') }} as appointments
    inner join record_versions on appointments.record_key = record_versions.record_key
    inner join {{ ref('input__criteria_rules') }} as rules
        on
            record_versions.criteria_version = rules.criteria_version
            and rules.kind = 'appointment'
            and {{ allowed_by('rules.booked_by', 'appointments.booked_by') }}
    where coalesce(appointments.status, 'booked') <> 'cancelled' and {{ touched_only('appointments.record_key') }}
),

booked as (
    select *
    from {{ stretches(
        'bookings', ['source', 'appointment_id', 'booked_by', 'criteria_version', 'rule_id', 'part_no', 'part_count']
    ) }} as spanned
)

select
    {{ keys | join(', ') }}, cast(null as varchar) as touch_service_line,
    'work_event' as source_kind, source as row_source, event_id as source_id, 1 as basis_rank,
    occurred_at, known_at, fired_at, valid_from, valid_to
from {{ ref('int_work_parts__fired') }}
where {{ touched_only('record_key') }}

union all

select
    {{ keys | join(', ') }}, null,
    'appointment', source, appointment_id, case booked_by when 'staff' then 1 else 2 end,
    occurred_at, known_at, valid_from, valid_from, valid_to
from booked

union all

select
    {{ keys | join(', ') }}, service_line,
    'touch', source, touch_id, 3,
    occurred_at, known_at, valid_from, valid_from, valid_to
from {{ ref('int_touch_parts__fired') }}
where {{ touched_only('record_key') }}

union all

-- What an attribute once said stays said: the language names no end for it.
select
    {{ keys | join(', ') }}, null,
    'attribute', null, name, 3,
    known_at, known_at, valid_from, valid_from, {{ end_of_time() }}
from {{ ref('int_attribute_rules__judged') }}
where section = 'readiness' and is_satisfied and {{ touched_only('record_key') }}
