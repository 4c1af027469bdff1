{#
  Reads what landed of one object: the only place where a source resolves.
  Where nothing of it landed, an empty relation of the types its sources yml declares stands in, so that every home
  builds every folder. `has_grown`: batches landed by older code may lack columns the sources yml declares; these are empty.
#}
{% macro lake_path() -%}
    {{ return(env_var('HANDOFF_LAKE', env_var('HANDOFF_HOME', '../.handoff') ~ '/lake')) }}
{%- endmacro %}

{# A folder's name as part of a file pattern in a text literal: what means something there stands for itself. #}
{% macro literal_pattern(path) -%}
    {{ return(path | replace('[', '[[]') | replace('*', '[*]') | replace('?', '[?]') | replace("'", "''")) }}
{%- endmacro %}

{% macro landed(source_name, table_name, has_grown = false) -%}
    {%- set _ = source(source_name, table_name) -%}
    {{ return(adapter.dispatch('landed', 'warm_handoff')(source_name, table_name, has_grown)) }}
{%- endmacro %}

{% macro duckdb__landed(source_name, table_name, has_grown) -%}
    {%- set pattern = literal_pattern(lake_path()) ~ '/landed/' ~ source_name ~ '/' ~ source(source_name, table_name).identifier ~ '/**/*.parquet' -%}
    {%- if not execute -%}{{ return('(select 1 as unparsed)') }}{%- endif -%}
    {%- set found = run_query("select count(*) from glob('" ~ pattern ~ "')") -%}
    {%- set is_there = found.rows[0][0] | int > 0 -%}
    {%- set files = "read_parquet('" ~ pattern ~ "', union_by_name = true, hive_partitioning = false)" -%}
    {%- if is_there and not has_grown -%}
        {{ files }}
    {%- else -%}
        {%- set node = graph.sources['source.warm_handoff.' ~ source_name ~ '.' ~ table_name] -%}
        (select
        {%- for column in node.columns.values() %}
            cast(null as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
        {%- endfor %}
        where false{{ ' union all by name select * from ' ~ files if is_there }})
    {%- endif -%}
{%- endmacro %}
