{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with versions as (
    select
        record_key,
        source,
        appointment_id,
        status = 'held' as is_held,
        is_current,
        booked_at,
        happens_at,
        known_at,
        valid_from,
        valid_to
    from {{ ref('int_appointments__versioned') }}
    where {{ touched_only('record_key') }}
),

bookings as (
    select *
    from {{ version_stretches('versions', ['record_key', 'source', 'appointment_id'], ['booked_at']) }} as spanned
),

holdings as (
    select *
    from {{ version_stretches('versions', ['record_key', 'source', 'appointment_id'], ['is_held', 'happens_at']) }} as spanned
),

-- Booked is booked, whatever came of it: an outcome or a new time does not move the booking.
entered as (
    select
        record_key,
        source,
        appointment_id,
        'appointment' as stage,
        true as is_evidenced,
        not is_current as is_superseded,
        booked_at as entered_at,
        first_known_at as known_at,
        first_effective_at as effective_at,
        case when not is_current then valid_to end as superseded_at
    from bookings
    union all
    select
        record_key,
        source,
        appointment_id,
        'consult' as stage,
        coalesce(happens_at <= first_known_at, false) as is_evidenced,
        not is_current as is_superseded,
        coalesce(happens_at, first_known_at) as entered_at,
        first_known_at as known_at,
        greatest(first_effective_at, coalesce(happens_at, first_known_at)) as effective_at,
        case when not is_current then valid_to end as superseded_at
    from holdings
    where is_held
)

select *
from entered
where entered_at <= {{ as_of() }}
