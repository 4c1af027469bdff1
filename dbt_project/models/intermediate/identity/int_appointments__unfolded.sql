{{ config(materialized='view') }}

-- An outcome first seen without a known_at of its own: before it, the appointment was known as booked.
with delayed as (
    select
        appointments.*,
        coalesce(_known_at_basis, 'given') = 'event' and status in ('held', 'no_show', 'cancelled') as is_folded,
        case
            when starts_at > booked_at and known_at >= starts_at
                then {{ epoch_micros('known_at') }} - {{ epoch_micros('starts_at') }}
            else {{ epoch_micros('known_at') }} - {{ epoch_micros('booked_at') }}
        end as delay_micros
    from {{ ref('input__appointments') }} as appointments
),

timed as (
    select
        delayed.*,
        {{ add_micros('booked_at', 'delay_micros') }} as booking_known_at,
        case
            when is_folded and status <> 'cancelled' and starts_at is not null
                then greatest(known_at, {{ add_micros('starts_at', 'delay_micros') }})
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
