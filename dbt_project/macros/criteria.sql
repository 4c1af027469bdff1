{# What the criteria language asks of SQL: comparison of values, lists, decay. #}

{# The first moment there is: what holds without a row that says so has always held. #}
{% macro beginning_of_time() -%}
    timestamp '0001-01-01 00:00:00'
{%- endmacro %}

{# Values are compared exactly after trimming; what is empty then is unknown. #}
{% macro trimmed(value) -%}
    nullif(trim({{ value }}, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)), '')
{%- endmacro %}

{# What a rule may ask of a touch: its texts, trimmed (columns of a select). #}
{% macro touch_texts() -%}
    {%- for column in ['signal', 'service_line', 'topic', 'offer_id', 'form_id', 'channel', 'campaign_id', 'landing_page'] -%}
    {{ trimmed(column) }} as {{ column }}{{ ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# Is the value in the list? An absent list restricts nothing; an absent value is in no list. #}
{% macro allowed_by(list, value) -%}
    {{ return(adapter.dispatch('allowed_by', 'warm_handoff')(list, value)) }}
{%- endmacro %}

{% macro duckdb__allowed_by(list, value) -%}
    ({{ list }} is null or coalesce(list_contains({{ list }}, {{ value }}), false))
{%- endmacro %}

{# The number a text spells, absent where it spells none: digits with an optional sign, point and exponent. #}
{% macro number_spelled(value) -%}
    {{ return(adapter.dispatch('number_spelled', 'warm_handoff')(value)) }}
{%- endmacro %}

{% macro duckdb__number_spelled(value) -%}
    case
        when regexp_full_match({{ value }}, '[+-]?([0-9]{1,300}([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?')
            then try_cast({{ value }} as double)
    end
{%- endmacro %}

{# The moment that many microseconds after 1970-01-01 00:00:00 UTC. #}
{% macro from_micros(micros) -%}
    {{ return(adapter.dispatch('from_micros', 'warm_handoff')(micros)) }}
{%- endmacro %}

{% macro duckdb__from_micros(micros) -%}
    make_timestamp({{ micros }})
{%- endmacro %}

{#
  What a test says of an attribute's value: 'satisfied', 'failed' or 'unknown'. Unknown is an absent value, and to
  at_least and at_most what spells no number, unless another condition has failed already.
#}
{% macro verdict_on(rule, value) -%}
    case
        when {{ value }} is null then 'unknown'
        when
            not {{ allowed_by(rule ~ '.value_in', value) }}
            or ({{ rule }}.value_not_in is not null and {{ allowed_by(rule ~ '.value_not_in', value) }})
            or {{ number_spelled(value) }} < {{ rule }}.value_at_least
            or {{ number_spelled(value) }} > {{ rule }}.value_at_most
            then 'failed'
        when
            coalesce({{ rule }}.value_at_least, {{ rule }}.value_at_most) is not null
            and {{ number_spelled(value) }} is null
            then 'unknown'
        else 'satisfied'
    end
{%- endmacro %}

{# Does a touch meet a rule's `where` and `channels`? Its columns must be trimmed. #}
{% macro touch_meets(rule, touch) -%}
    {{ touch_meets_where(rule, touch) }} and {{ allowed_by(rule ~ '.channels', touch ~ '.channel') }}
{%- endmacro %}

{% macro touch_meets_where(rule, touch) -%}
    {%- for column in ['service_line', 'topic', 'offer_id', 'form_id', 'campaign_id', 'landing_page'] -%}
        {{ allowed_by(rule ~ '.where_' ~ column, touch ~ '.' ~ column) }}{{ " and " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Does a touch of that service line count for a lead of this one? One without counts for all, and all for one without. #}
{% macro lines_agree(touch_line, lead_line) -%}
    ({{ touch_line }} is null or {{ lead_line }} is null or {{ touch_line }} = {{ lead_line }})
{%- endmacro %}
