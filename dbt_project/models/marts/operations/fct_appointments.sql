-- The booking in its version at as_of, with the moments its earlier versions tell of. What is said to have come of it
-- counts from the moment it was set for; until then it is booked.
with versions as (
    select
        record_key,
        source,
        appointment_id,
        booked_by,
        case
            when status is null or (status in ('held', 'no_show') and happens_at > {{ as_of() }}) then 'booked'
            else status
        end as status,
        location_id,
        is_current,
        booked_at,
        happens_at as starts_at,
        known_at,
        valid_from,
        valid_to
    from {{ ref('int_appointments__versioned') }}
),

outcomes as (
    select *
    from {{ version_stretches('versions', ['record_key', 'source', 'appointment_id'], ['status']) }} as spanned
),

moved as (
    select
        versions.*,
        lag(starts_at) over (partition by source, appointment_id order by known_at) as starts_at_before
    from versions
),

reschedulings as (
    select
        source,
        appointment_id,
        count(*) as rescheduled_count,
        max(known_at) as rescheduled_at
    from moved
    where starts_at_before <> starts_at
    group by source, appointment_id
)

select
    merged.lead_key,
    outcomes.record_key,
    outcomes.source,
    outcomes.appointment_id,
    {{ dimension('outcomes.booked_by') }} as booked_by,
    outcomes.status,
    {{ dimension('outcomes.location_id') }} as location_id,
    coalesce(reschedulings.rescheduled_count, 0) as rescheduled_count,
    outcomes.booked_at,
    outcomes.starts_at,
    reschedulings.rescheduled_at,
    case when outcomes.status = 'cancelled' then outcomes.first_known_at end as cancelled_at,
    case when outcomes.status = 'no_show' then coalesce(outcomes.starts_at, outcomes.first_known_at) end as no_show_at,
    case when outcomes.status = 'held' then coalesce(outcomes.starts_at, outcomes.first_known_at) end as held_at
from outcomes
inner join {{ ref('int_records__merged') }} as merged on outcomes.record_key = merged.record_key
left join reschedulings
    on outcomes.source = reschedulings.source and outcomes.appointment_id = reschedulings.appointment_id
where outcomes.is_current
