{# Lists of texts: made of rows, taken apart into rows, measured. Whether one holds a value is `allowed_by`. #}

{# The values of a group as one list (aggregate). #}
{% macro list_of(value, order) -%}
    {{ return(adapter.dispatch('list_of', 'warm_handoff')(value, order)) }}
{%- endmacro %}

{% macro duckdb__list_of(value, order) -%}
    list({{ value }} order by {{ order }})
{%- endmacro %}

{# The texts of a group joined by `|`, in their own order (aggregate). #}
{% macro joined_texts(value) -%}
    {{ return(adapter.dispatch('joined_texts', 'warm_handoff')(value)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(value) -%}
    string_agg({{ value }}, '|' order by {{ value }})
{%- endmacro %}

{# How many values a list has. #}
{% macro list_size(list) -%}
    {{ return(adapter.dispatch('list_size', 'warm_handoff')(list)) }}
{%- endmacro %}

{% macro duckdb__list_size(list) -%}
    len({{ list }})
{%- endmacro %}

{# A row for each piece of a text whose pieces are joined by `|` (stands in a select list). #}
{% macro each_piece(text) -%}
    {{ return(adapter.dispatch('each_piece', 'warm_handoff')(text)) }}
{%- endmacro %}

{% macro duckdb__each_piece(text) -%}
    unnest(string_split({{ text }}, '|'))
{%- endmacro %}
