{# Time: every moment is a naive timestamp that means UTC. #}

{% macro as_of() -%}
    (select run.as_of from {{ ref('input__run') }} as run)
{%- endmacro %}

{% macro end_of_time() -%}
    timestamp '9999-12-31 00:00:00'
{%- endmacro %}

{# Whole seconds since 1970-01-01 00:00:00 UTC (bigint), rounded down. #}
{% macro epoch_seconds(moment) -%}
    {{ return(adapter.dispatch('epoch_seconds', 'warm_handoff')(moment)) }}
{%- endmacro %}

{% macro duckdb__epoch_seconds(moment) -%}
    (epoch_us({{ moment }}) // 1000000)
{%- endmacro %}

{# Microseconds since 1970-01-01 00:00:00 UTC (bigint): exact arithmetic on moments. #}
{% macro epoch_micros(moment) -%}
    {{ return(adapter.dispatch('epoch_micros', 'warm_handoff')(moment)) }}
{%- endmacro %}

{% macro duckdb__epoch_micros(moment) -%}
    epoch_us({{ moment }})
{%- endmacro %}

{% macro add_seconds(moment, seconds) -%}
    {{ return(adapter.dispatch('add_seconds', 'warm_handoff')(moment, seconds)) }}
{%- endmacro %}

{% macro duckdb__add_seconds(moment, seconds) -%}
    ({{ moment }} + to_seconds({{ seconds }}))
{%- endmacro %}

{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days', 'warm_handoff')(day, days)) }}
{%- endmacro %}

{% macro duckdb__add_days(day, days) -%}
    cast({{ day }} + to_days(cast({{ days }} as integer)) as date)
{%- endmacro %}

{# Local date of a UTC moment, given the offset in force (join input__timezone_offsets on utc_from, utc_to). #}
{% macro local_date(moment, offset_seconds) -%}
    cast({{ add_seconds(moment, offset_seconds) }} as date)
{%- endmacro %}

{#
  The instant of a local time, given the offset in force then (`zone`: a row of the time zones joined on local_from,
  local_to). A time the clock jumps over is the instant it jumps.
#}
{% macro local_instant(zone, local_at) -%}
    greatest({{ zone }}.utc_from, {{ add_seconds(local_at, '-' ~ zone ~ '.offset_seconds') }})
{%- endmacro %}

{# 1 = Monday … 7 = Sunday. #}
{% macro iso_weekday(day) -%}
    {{ return(adapter.dispatch('iso_weekday', 'warm_handoff')(day)) }}
{%- endmacro %}

{% macro duckdb__iso_weekday(day) -%}
    isodow({{ day }})
{%- endmacro %}

{# The Monday of a UTC moment's week. #}
{% macro monday_of(moment) -%}
    {{ add_days('cast(' ~ moment ~ ' as date)', '1 - ' ~ iso_weekday('cast(' ~ moment ~ ' as date)')) }}
{%- endmacro %}

{# One row per date from the first to the last (expressions of type date), column `day`. #}
{% macro date_series(first_day, last_day) -%}
    {{ return(adapter.dispatch('date_series', 'warm_handoff')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__date_series(first_day, last_day) -%}
    (
        select cast(days.day as date) as day
        from (select unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day)) as day) as days
    )
{%- endmacro %}

{% macro add_micros(moment, micros) -%}
    {{ return(adapter.dispatch('add_micros', 'warm_handoff')(moment, micros)) }}
{%- endmacro %}

{% macro duckdb__add_micros(moment, micros) -%}
    ({{ moment }} + to_microseconds({{ micros }}))
{%- endmacro %}

{# Minutes since midnight of a local HH:MM (24:00 allowed). #}
{% macro minutes_of_day(clock) -%}
    (cast(split_part({{ clock }}, ':', 1) as integer) * 60 + cast(split_part({{ clock }}, ':', 2) as integer))
{%- endmacro %}
