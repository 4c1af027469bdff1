{{ config(materialized='view') }}

-- A date alone is its midnight in the source's time zone.
with dates as (
    select distinct
        _source,
        appointment_date,
        cast(appointment_date as timestamp) as midnight
    from {{ ref('input__appointments') }}
    where starts_at is null and appointment_date is not null
),

midnights as (
    select
        dates._source,
        dates.appointment_date,
        coalesce({{ local_instant('offsets', 'dates.midnight') }}, dates.midnight) as midnight_at
    from dates
    left join {{ ref('input__sources') }} as sources on dates._source = sources.source
    left join {{ ref('input__timezone_offsets') }} as offsets
        on
            sources.timezone = offsets.timezone
            and dates.midnight >= offsets.local_from
            and dates.midnight < offsets.local_to
),

-- An outcome first seen without a known_at of its own: before it, the appointment was known as booked.
delayed as (
    select
        appointments.*,
        coalesce(appointments.starts_at, midnights.midnight_at) as happens_at,
        coalesce(appointments._known_at_basis, 'given') = 'event'
        and appointments.status in ('held', 'no_show', 'cancelled') as is_folded,
        case
            when appointments.starts_at > appointments.booked_at and appointments.known_at >= appointments.starts_at
                then {{ epoch_micros('appointments.known_at') }} - {{ epoch_micros('appointments.starts_at') }}
            else {{ epoch_micros('appointments.known_at') }} - {{ epoch_micros('appointments.booked_at') }}
        end as delay_micros
    from {{ ref('input__appointments') }} as appointments
    left join midnights
        on
            appointments.starts_at is null
            and appointments._source = midnights._source
            and appointments.appointment_date = midnights.appointment_date
),

timed as (
    select
        delayed.*,
        {{ add_micros('booked_at', 'delay_micros') }} as booking_known_at,
        case
            when is_folded and status <> 'cancelled' and happens_at is not null
                then greatest(known_at, {{ add_micros('happens_at', 'delay_micros') }})
            else known_at
        end as status_known_at
    from delayed
)

{% set rest -%}
    record_key,
    lead_id,
    appointment_id,
    booked_at,
    appointment_date,
    starts_at,
    happens_at,
    booked_by,
    location_id,
    is_deleted,
    _source,
    _object,
    _batch_id,
    _file_sha256,
    _row_no,
    _known_at_basis,
    _is_repeat
{%- endset %}

select
    {{ rest }},
    status,
    status_known_at as known_at
from timed

union all

select
    {{ rest }},
    'booked' as status,
    booking_known_at as known_at
from timed
where is_folded and booking_known_at < status_known_at
