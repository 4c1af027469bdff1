{# Keys made of several columns, and the text two rows are compared by. Text columns only: cast the others first. #}

{% macro record_key(id_space, lead_id) -%}
    md5({{ id_space }} || '|' || {{ lead_id }})
{%- endmacro %}

{#
  Canonical text of the given expressions, for total orders and for equality of content: an absent value sorts before
  every present one, and no value can run into its neighbour. Never hand it a token: an order must not depend on a key.
#}
{% macro canonical_text(expressions) -%}
    {%- for expression in expressions -%}
        coalesce('=' || cast({{ expression }} as varchar), '') || chr(31){{ " || " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# A number for a key, for finding keys only: nothing may depend on its value. #}
{% macro key_hash(keys) -%}
    {{ return(adapter.dispatch('key_hash', 'warm_handoff')(keys)) }}
{%- endmacro %}

{% macro duckdb__key_hash(keys) -%}
    hash({{ keys | join(', ') }})
{%- endmacro %}

{#
  Sixteen bytes that stand for a key of text columns, as unlike any other's as two record keys are: engines sort and join
  them several times faster than texts. Where an engine has no such type the digest's text does the same.
#}
{% macro short_key(keys) -%}
    {{ return(adapter.dispatch('short_key', 'warm_handoff')(keys)) }}
{%- endmacro %}

{% macro default__short_key(keys) -%}
    md5({{ canonical_text(keys) }})
{%- endmacro %}

{% macro duckdb__short_key(keys) -%}
    cast(md5({{ canonical_text(keys) }}) as uuid)
{%- endmacro %}
