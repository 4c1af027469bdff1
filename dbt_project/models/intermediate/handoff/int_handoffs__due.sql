-- Due is the earliest instant by which the minutes have been open: in the last opening that begins with less open time
-- behind it than is wanted. Openings and wanted times stand in one order of open time, as in int_moments__measured.
with wanted as (
    select
        handoffs.lead_key,
        handoffs.source,
        handoffs.calendar_id,
        starts.open_micros + handoffs.sla_business_minutes * 60000000 as wanted_micros
    from {{ ref('int_handoffs__started') }} as handoffs
    inner join {{ ref('int_moments__measured') }} as starts
        on
            handoffs.source = starts.source
            and handoffs.calendar_id = starts.calendar_id
            and handoffs.handed_off_at = starts.measured_at
    where handoffs.sla_business_minutes > 0
),

points as (
    select
        null as lead_key,
        source,
        calendar_id,
        open_seconds_before * 1000000 as micros,
        open_seconds_before * 1000000 as begin_micros,
        (open_seconds_before + open_seconds) * 1000000 as end_micros,
        opens_at_utc,
        1 as is_opening
    from {{ ref('int_calendar_openings__expanded') }}
    union all
    select
        lead_key,
        source,
        calendar_id,
        wanted_micros as micros,
        null as begin_micros,
        null as end_micros,
        null as opens_at_utc,
        0 as is_opening
    from wanted
),

carried as (
    select
        lead_key,
        micros,
        max(begin_micros) over last_opening as begin_micros,
        max(end_micros) over last_opening as end_micros,
        max(opens_at_utc) over last_opening as opens_at_utc
    from points
    window last_opening as (
        partition by source, calendar_id
        order by micros, is_opening, lead_key
        rows between unbounded preceding and current row
    )
)

-- Past the last opening known there is no such instant yet.
select
    lead_key,
    {{ add_micros('opens_at_utc', 'micros - begin_micros') }} as due_at
from carried
where lead_key is not null and micros <= end_micros
