{# What the router sees of teams, their hours and their load; each a relation in parentheses. #}

{# Days ahead that are looked at for the next opening or shift. #}
{% macro routing_days() -%}14{%- endmacro %}

{# Intake teams; one that several sources define is that of the first by name. #}
{% macro intake_teams() -%}
    (
        select known_team.*
        from {{ ref('int_teams__current') }} as known_team
        where known_team.source = known_team.defined_by
        qualify row_number() over (partition by known_team.team_id order by known_team.source) = 1
    )
{%- endmacro %}

{# Members of staff who are there as of now; one whom several sources define is that of the first by name. #}
{% macro present_staff() -%}
    (
        select member.*
        from {{ ref('int_staff__current') }} as member
        where
            member.source = member.defined_by
            and coalesce(member.valid_from <= {{ as_of() }}, true)
            and coalesce(member.valid_to > {{ as_of() }}, true)
        qualify row_number() over (partition by member.staff_id order by member.source) = 1
    )
{%- endmacro %}

{#
  Openings of teams that have not ended, holidays heeded. Without a calendar, or with one that has no rows, a team is
  open at all hours: one opening without an end.
#}
{% macro team_openings() -%}
    (
        select
            team.team_id,
            hours.opens_at_utc as opens_at,
            hours.closes_at_utc as closes_at
        from {{ intake_teams() }} as team
        inner join {{ ref('int_calendar_openings__expanded') }} as hours
            on team.source = hours.source and team.calendar_id = hours.calendar_id
        where
            hours.closes_at_utc > {{ as_of() }}
            and hours.opens_at_utc <= {{ add_seconds(as_of(), (routing_days() | int) * 86400) }}

        union all

        select
            team.team_id,
            {{ beginning_of_time() }} as opens_at,
            {{ end_of_time() }} as closes_at
        from {{ intake_teams() }} as team
        anti join {{ ref('int_calendars__current') }} as calendar
            on team.source = calendar.source and team.calendar_id = calendar.calendar_id
    )
{%- endmacro %}

{#
  Load that routes put on a team or a member (`bearer`: team_id or staff_id): records given to it on the team's local date of
  as_of, once each, and open leads whose latest route it is. A new route to whom a lead had already gives nothing. A lead past its horizon is no load. Without a calendar a team's day is that of UTC.
#}
{% macro route_loads(bearer, routes = 'stg_handoff__earlier_routes') -%}
    (
        with clocks as (
            select
                team.team_id,
                max(zone.offset_seconds) as offset_seconds
            from {{ intake_teams() }} as team
            inner join {{ ref('int_calendars__current') }} as calendar
                on team.source = calendar.source and team.calendar_id = calendar.calendar_id
            inner join {{ ref('input__timezone_offsets') }} as zone
                on
                    calendar.timezone = zone.timezone
                    and zone.utc_from <= {{ as_of() }} and {{ as_of() }} < zone.utc_to
            group by team.team_id
        ),

        routes as (
            select
                route.record_key,
                route.{{ bearer }},
                route.routed_as_of,
                coalesce(clocks.offset_seconds, 0) as offset_seconds,
                coalesce(lag(route.{{ bearer }}) over (partition by route.record_key order by route.route_no), '') <> route.{{ bearer }}
                    as is_given,
                route.route_no = max(route.route_no) over (partition by route.record_key) as is_latest
            from {{ ref(routes) }} as route
            left join clocks on route.team_id = clocks.team_id
            where route.routed_as_of <= {{ as_of() }}
        )

        select
            routes.{{ bearer }},
            count(distinct case
                when
                    routes.is_given
                    and {{ local_date('routes.routed_as_of', 'routes.offset_seconds') }} = {{ local_date(as_of(), 'routes.offset_seconds') }}
                    and routes.routed_as_of < {{ readiness_end('mql.became_mql_at', 'mql.service_line') }}
                    then routes.record_key
            end) as routed_today_count,
            count(case when routes.is_latest and not open_mql.is_past_horizon then 1 end) as open_lead_count
        from routes
        left join {{ ref('int_mqls__featured') }} as mql on routes.record_key = mql.record_key
        left join {{ ref('int_mqls__open') }} as open_mql on routes.record_key = open_mql.record_key
        where routes.{{ bearer }} is not null
        group by routes.{{ bearer }}
    )
{%- endmacro %}
