{# Days as numbers: how old something is, and rows for numbers and days. Whole numbers only, so nothing is rounded. #}

{# Days of 24 hours that are over between two moments (0 where the later one comes first; empty where one is absent). #}
{% macro full_days(earlier, later) -%}
    case
        when {{ later }} <= {{ earlier }} then 0
        when {{ later }} > {{ earlier }} then {{ whole_days(epoch_micros(later) ~ ' - ' ~ epoch_micros(earlier)) }}
    end
{%- endmacro %}

{# Days of 24 hours that have begun between two moments: the age at which something came. #}
{% macro begun_days(earlier, later) -%}
    case
        when {{ later }} <= {{ earlier }} then 0
        when {{ later }} > {{ earlier }} then {{ whole_days(epoch_micros(later) ~ ' - ' ~ epoch_micros(earlier) ~ ' + 86399999999') }}
    end
{%- endmacro %}

{# Days of 24 hours in a number of microseconds that is not negative, rounded down. #}
{% macro whole_days(micros) -%}
    {{ return(adapter.dispatch('whole_days', 'warm_handoff')(micros)) }}
{%- endmacro %}

{% macro duckdb__whole_days(micros) -%}
    cast(({{ micros }}) // 86400000000 as integer)
{%- endmacro %}

{# The number of a date, counted from 1970-01-01; add_days from there leads back. #}
{% macro day_number(day) -%}
    {{ return(adapter.dispatch('day_number', 'warm_handoff')(day)) }}
{%- endmacro %}

{% macro duckdb__day_number(day) -%}
    cast({{ day }} - date '1970-01-01' as integer)
{%- endmacro %}

{# A row for each whole number from the first up to, and without, the last (stands in a select list). #}
{% macro each_number(first, last) -%}
    {{ return(adapter.dispatch('each_number', 'warm_handoff')(first, last)) }}
{%- endmacro %}

{% macro duckdb__each_number(first, last) -%}
    cast(unnest(range({{ first }}, {{ last }})) as integer)
{%- endmacro %}
