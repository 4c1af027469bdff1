{#
  Where a planner is told the order of work: `name as {{ worked_out_first() }} (...)`. For a step whose rows are few and
  whose place in a join is guessed wrong, which costs gigabytes; engines that know no such word plan for themselves.
#}
{% macro worked_out_first() -%}
    {{ return(adapter.dispatch('worked_out_first', 'warm_handoff')()) }}
{%- endmacro %}

{% macro default__worked_out_first() -%}{%- endmacro %}

{% macro duckdb__worked_out_first() -%}materialized{%- endmacro %}
