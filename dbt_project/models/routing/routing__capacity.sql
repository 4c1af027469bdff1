-- A team that several sources define is the one of the first by name.
with teams as (
    select team.*
    from {{ ref('int_teams__current') }} as team
    where team.source = team.defined_by
    qualify row_number() over (partition by team.team_id order by team.source) = 1
),

-- Seconds the team's clock is ahead of UTC now; without a calendar its day is that of UTC.
clocks as (
    select
        teams.team_id,
        max(zone.offset_seconds) as offset_seconds
    from teams
    inner join {{ ref('int_calendars__current') }} as calendar
        on teams.source = calendar.source and teams.calendar_id = calendar.calendar_id
    inner join {{ ref('input__timezone_offsets') }} as zone
        on
            calendar.timezone = zone.timezone
            and zone.utc_from <= {{ as_of() }} and {{ as_of() }} < zone.utc_to
    group by teams.team_id
),

routes as (
    select
        route.record_key,
        route.team_id,
        route.routed_as_of,
        route.route_no = max(route.route_no) over (partition by route.record_key) as is_latest
    from {{ ref('stg_handoff__earlier_routes') }} as route
    where route.routed_as_of <= {{ as_of() }}
),

-- A lead past its horizon takes no capacity.
loads as (
    select
        teams.team_id,
        count(case
            when
                {{ local_date('routes.routed_as_of', 'coalesce(clocks.offset_seconds, 0)') }}
                = {{ local_date(as_of(), 'coalesce(clocks.offset_seconds, 0)') }}
                and routes.routed_as_of < {{ readiness_end('mql.became_mql_at', 'mql.service_line') }}
                then 1
        end) as routed_today_count,
        count(case when routes.is_latest and not open_mql.is_past_horizon then 1 end) as open_lead_count
    from teams
    left join clocks on teams.team_id = clocks.team_id
    left join routes on teams.team_id = routes.team_id
    left join {{ ref('int_mqls__featured') }} as mql on routes.record_key = mql.record_key
    left join {{ ref('int_mqls__open') }} as open_mql on routes.record_key = open_mql.record_key
    group by teams.team_id
)

select
    teams.team_id,
    teams.name,
    teams.queue,
    teams.service_lines,
    teams.location_ids,
    teams.complexity_levels,
    teams.languages,
    teams.calendar_id,
    teams.daily_capacity,
    teams.open_lead_capacity,
    loads.routed_today_count,
    loads.open_lead_count
from teams
inner join loads on teams.team_id = loads.team_id
