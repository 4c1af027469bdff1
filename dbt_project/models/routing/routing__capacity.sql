with openings as (
    select
        team_id,
        greatest(opens_at, {{ as_of() }}) as next_open_at,
        nullif(closes_at, {{ end_of_time() }}) as closes_at
    from {{ team_openings() }} as hours
    qualify row_number() over (partition by team_id order by opens_at, closes_at) = 1
)

select
    team.team_id,
    team.name,
    team.queue,
    team.service_lines,
    team.location_ids,
    team.complexity_levels,
    team.languages,
    team.calendar_id,
    coalesce(openings.next_open_at = {{ as_of() }}, false) as is_open,
    team.daily_capacity,
    team.open_lead_capacity,
    coalesce(loads.routed_today_count, 0) as routed_today_count,
    coalesce(loads.open_lead_count, 0) as open_lead_count,
    openings.next_open_at,
    openings.closes_at
from {{ intake_teams() }} as team
left join openings on team.team_id = openings.team_id
left join {{ route_loads('team_id') }} as loads on team.team_id = loads.team_id
