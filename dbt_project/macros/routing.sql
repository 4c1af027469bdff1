{# What the router sees of teams, their members and hours; each a relation in parentheses. Their load: routing_loads.sql. #}

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
  Members of staff that a reference table or an event names (a relation in parentheses), as dim_intake_teams has teams. What
  else stands in a CRM's fields for team and member is words somebody typed: marts say (unknown).
#}
{% macro named_staff() -%}
    (
        select staff_id from {{ ref('int_staff__current') }}
        union
        select staff_id from {{ ref('int_contacts__made') }} where staff_id is not null
    )
{%- endmacro %}

{# An id as a dimension: (none) where there is none, (unknown) where it is not among the known ones (`known`: its match there). #}
{% macro known_dimension(id, known) -%}
    case when {{ id }} is null then '(none)' when {{ known }} is null then '(unknown)' else {{ id }} end
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
