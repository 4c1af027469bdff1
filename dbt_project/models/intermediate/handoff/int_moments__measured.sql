-- Open time of a calendar up to each moment a handoff needs. Openings and moments are put in one order and the last
-- opening begun is carried along, so that no moment is compared with every opening.
with moments as (
    select source, calendar_id, handed_off_at as measured_at
    from {{ ref('int_handoffs__started') }}
    where calendar_id is not null
    union
    select handoffs.source, handoffs.calendar_id, contacts.occurred_at as measured_at
    from {{ ref('int_handoffs__started') }} as handoffs
    inner join {{ ref('int_contacts__made') }} as contacts on handoffs.lead_key = contacts.lead_key
    where handoffs.calendar_id is not null and contacts.occurred_at > handoffs.handed_off_at
    union
    select handoffs.source, handoffs.calendar_id, censored.censored_at as measured_at
    from {{ ref('int_handoffs__started') }} as handoffs
    inner join {{ ref('int_handoffs__censored') }} as censored on handoffs.lead_key = censored.lead_key
    where handoffs.calendar_id is not null and censored.censored_at > handoffs.handed_off_at
),

points as (
    select
        source,
        calendar_id,
        opens_at_utc as point_at,
        opens_at_utc,
        closes_at_utc,
        open_seconds_before,
        0 as is_moment
    from {{ ref('int_calendar_openings__expanded') }}
    union all
    select
        source,
        calendar_id,
        measured_at as point_at,
        null as opens_at_utc,
        null as closes_at_utc,
        null as open_seconds_before,
        1 as is_moment
    from moments
),

-- Openings never overlap, so the latest of each of these belongs to the last opening begun.
carried as (
    select
        source,
        calendar_id,
        point_at,
        is_moment,
        max(opens_at_utc) over last_opening as opens_at_utc,
        max(closes_at_utc) over last_opening as closes_at_utc,
        max(open_seconds_before) over last_opening as open_seconds_before
    from points
    window last_opening as (
        partition by source, calendar_id order by point_at, is_moment rows between unbounded preceding and current row
    )
)

select
    source,
    calendar_id,
    coalesce(
        open_seconds_before * 1000000
        + {{ epoch_micros('least(point_at, closes_at_utc)') }} - {{ epoch_micros('opens_at_utc') }},
        0
    ) as open_micros,
    coalesce(point_at >= opens_at_utc and point_at < closes_at_utc, false) as is_open,
    point_at as measured_at
from carried
where is_moment = 1
