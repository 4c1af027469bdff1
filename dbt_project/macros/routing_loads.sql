{#
  Load that routes put on a team or a member (`bearer`: team_id or staff_id): records given to it on the team's local date of
  as_of, once each, and open leads whose latest route it is. A new route to whom a lead had already gives nothing. A lead past
  its horizon is no load. Without a calendar a team's day is that of UTC.
#}
{% macro route_loads(bearer, routes = 'stg_handoff__earlier_routes') -%}
    (
        with clocks as (
            select
                team.team_id,
                max({{ local_instant('midnight', 'cast(' ~ local_date(as_of(), 'zone.offset_seconds') ~ ' as timestamp)') }}) as day_begins_at
            from {{ intake_teams() }} as team
            inner join {{ ref('int_calendars__current') }} as calendar
                on team.source = calendar.source and team.calendar_id = calendar.calendar_id
            inner join {{ ref('input__timezone_offsets') }} as zone
                on
                    calendar.timezone = zone.timezone
                    and zone.utc_from <= {{ as_of() }} and {{ as_of() }} < zone.utc_to
            -- The clock may have been changed since.
            inner join {{ ref('input__timezone_offsets') }} as midnight
                on
                    calendar.timezone = midnight.timezone
                    and midnight.local_from <= {{ local_date(as_of(), 'zone.offset_seconds') }}
                    and {{ local_date(as_of(), 'zone.offset_seconds') }} < midnight.local_to
            group by team.team_id
        ),

        routes as (
            select
                route.record_key,
                route.{{ bearer }},
                route.routed_as_of,
                coalesce(clocks.day_begins_at, cast(cast({{ as_of() }} as date) as timestamp)) as day_begins_at,
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
                    and routes.routed_as_of >= routes.day_begins_at
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
