{# Open time of handoffs up to now: it hangs on as_of alone, so it is worked out where it is published. #}

{#
  Open microseconds of each calendar up to as_of, as int_moments__measured counts them (a relation in parentheses).
#}
{% macro open_time_now() -%}
    (
        select
            source,
            calendar_id,
            cast(sum(
                {{ epoch_micros('least(closes_at_utc, ' ~ as_of() ~ ')') }} - {{ epoch_micros('opens_at_utc') }}
            ) as bigint) as open_micros
        from {{ ref('int_calendar_openings__expanded') }}
        where opens_at_utc < {{ as_of() }}
        group by source, calendar_id
    )
{%- endmacro %}

{# Open microseconds since a handoff; without a calendar it is open at all hours. `now` is a row of the above. #}
{% macro open_micros_waited(handoff, now) -%}
    case
        when {{ handoff }}.calendar_id is null then {{ epoch_micros(as_of()) }}
        else coalesce({{ now }}.open_micros, 0)
    end - {{ handoff }}.open_micros_at_handoff
{%- endmacro %}

{# Open microseconds from a handoff to a later moment; 0 for one before it. `measured` is the moment's row, if it has one. #}
{% macro open_micros_between(handoff, moment, measured) -%}
    case
        when {{ moment }} <= {{ handoff }}.handed_off_at then 0
        when {{ handoff }}.calendar_id is null
            then {{ epoch_micros(moment) }} - {{ handoff }}.open_micros_at_handoff
        else {{ measured }}.open_micros - {{ handoff }}.open_micros_at_handoff
    end
{%- endmacro %}

{#
  Who answers for leads of a service line and location by the reference tables alone (a relation in parentheses): the
  only team that may take them. Where several may there is none: that is for routes to say, and routes are operational.
#}
{% macro only_teams() -%}
    (
        with teams as (
            select
                team_id,
                service_lines,
                location_ids
            from {{ ref('int_teams__current') }}
            where source = defined_by
            qualify row_number() over (partition by team_id order by source) = 1
        ),

        places as (
            select distinct service_line, location_id
            from {{ ref('int_leads__dimensioned') }}
        )

        select
            {{ dimension('places.service_line') }} as service_line,
            {{ dimension('places.location_id') }} as location_id,
            min(teams.team_id) as team_id
        from places
        inner join teams
            on
                (teams.service_lines is null or {{ in_joined_list('teams.service_lines', 'places.service_line') }})
                and (teams.location_ids is null or {{ in_joined_list('teams.location_ids', 'places.location_id') }})
        group by places.service_line, places.location_id
        having count(*) = 1
    )
{%- endmacro %}

{# Does a text whose pieces are joined by `|` hold a value? Spaces around a piece are no part of it. #}
{% macro in_joined_list(text, value) -%}
    {%- set pieces = "replace(replace('|' || " ~ text ~ " || '|', ' |', '|'), '| ', '|')" -%}
    coalesce(replace({{ pieces }}, '|' || trim({{ value }}) || '|', '') <> {{ pieces }}, false)
{%- endmacro %}
