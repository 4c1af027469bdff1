{#
  Where a planner is told the order of work: `name as {{ worked_out_first() }} (...)`. For a step whose rows are few and
  whose place in a join is guessed wrong, which costs gigabytes; engines that know no such word plan for themselves.
#}
{% macro worked_out_first() -%}
    {{ return(adapter.dispatch('worked_out_first', 'warm_handoff')()) }}
{%- endmacro %}

{% macro default__worked_out_first() -%}{%- endmacro %}

{% macro duckdb__worked_out_first() -%}materialized{%- endmacro %}

{# Goes before a CTE's parenthesis where the engine would otherwise hold all of its rows in memory. #}
{% macro inlined() -%}
    {{ return(adapter.dispatch('inlined', 'warm_handoff')()) }}
{%- endmacro %}

{% macro duckdb__inlined() -%}
    not materialized
{%- endmacro %}
