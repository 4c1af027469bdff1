with openings as (
    select
        team_id,
        greatest(opens_at, {{ as_of() }}) as next_open_at,
        nullif(closes_at, {{ end_of_time() }}) as closes_at
    from {{ team_openings() }} as hours
    qualify row_number() over (partition by team_id order by opens_at, closes_at) = 1
),

-- Also those who have left or are in another team by now: a team whose members are all gone is not one whose members
-- nobody told.
staffed as (
    select distinct team_id
    from {{ ref('input__staff') }}
    where known_at is null or known_at <= {{ as_of() }}
)

select
    intake.team_id,
    intake.name,
    intake.queue,
    intake.service_lines,
    intake.location_ids,
    intake.complexity_levels,
    intake.languages,
    intake.calendar_id,
    coalesce(openings.next_open_at = {{ as_of() }}, false) as is_open,
    staffed.team_id is not null as has_known_members,
    intake.daily_capacity,
    intake.open_lead_capacity,
    coalesce(loads.routed_today_count, 0) as routed_today_count,
    coalesce(loads.open_lead_count, 0) as open_lead_count,
    openings.next_open_at,
    openings.closes_at
from {{ intake_teams() }} as intake
left join staffed on intake.team_id = staffed.team_id
left join openings on intake.team_id = openings.team_id
left join {{ route_loads('team_id') }} as loads on intake.team_id = loads.team_id
