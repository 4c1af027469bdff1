{#
  Shares and times with their uncertainty. Counts go in as they are and stay exact; what comes out is a double. Without
  anything to divide by there is no share and no limit: they are empty.
#}

{# The 97.5 % point of the normal distribution: limits are those of 95 %. #}
{% macro normal_point() -%}
    cast(1.959963984540054 as double)
{%- endmacro %}

{% macro share_of(count, whole) -%}
    (cast({{ count }} as double) / nullif(cast({{ whole }} as double), 0))
{%- endmacro %}

{# Wilson limits of a share. Rounding must not carry a limit beyond 0, 1 or the share itself. #}
{% macro wilson_low(count, whole) -%}
    case when {{ whole }} > 0 then greatest(cast(0 as double), least({{ share_of(count, whole) }}, {{ _wilson_limit(count, whole, '-') }})) end
{%- endmacro %}

{% macro wilson_high(count, whole) -%}
    case when {{ whole }} > 0 then least(cast(1 as double), greatest({{ share_of(count, whole) }}, {{ _wilson_limit(count, whole, '+') }})) end
{%- endmacro %}

{% macro _wilson_limit(count, whole, sign) -%}
    (
        2 * cast({{ count }} as double) + {{ normal_point() }} * {{ normal_point() }}
        {{ sign }} {{ normal_point() }} * sqrt(
            {{ normal_point() }} * {{ normal_point() }}
            + 4 * {{ share_of(count, whole) }} * cast({{ whole }} - {{ count }} as double)
        )
    ) / (2 * (cast({{ whole }} as double) + {{ normal_point() }} * {{ normal_point() }}))
{%- endmacro %}

{# Newcombe's limits of the first share less the second, from the Wilson limits of each. #}
{% macro newcombe_low(count, whole, other_count, other_whole) -%}
    ({{ share_of(count, whole) }} - {{ share_of(other_count, other_whole) }} - sqrt(
        pow({{ share_of(count, whole) }} - {{ wilson_low(count, whole) }}, 2)
        + pow({{ wilson_high(other_count, other_whole) }} - {{ share_of(other_count, other_whole) }}, 2)
    ))
{%- endmacro %}

{% macro newcombe_high(count, whole, other_count, other_whole) -%}
    ({{ share_of(count, whole) }} - {{ share_of(other_count, other_whole) }} + sqrt(
        pow({{ wilson_high(count, whole) }} - {{ share_of(count, whole) }}, 2)
        + pow({{ share_of(other_count, other_whole) }} - {{ wilson_low(other_count, other_whole) }}, 2)
    ))
{%- endmacro %}

{# Three columns: the share as `name`, and its limits as name_low and name_high. #}
{% macro rate_columns(name, count, whole) -%}
    {{ share_of(count, whole) }} as {{ name }},
    {{ wilson_low(count, whole) }} as {{ name }}_low,
    {{ wilson_high(count, whole) }} as {{ name }}_high
{%- endmacro %}

{# Three columns: the difference as `name`, and its limits; empty where one of the two has nothing to divide by. #}
{% macro difference_columns(name, count, whole, other_count, other_whole) -%}
    {{ share_of(count, whole) }} - {{ share_of(other_count, other_whole) }} as {{ name }},
    {{ newcombe_low(count, whole, other_count, other_whole) }} as {{ name }}_low,
    {{ newcombe_high(count, whole, other_count, other_whole) }} as {{ name }}_high
{%- endmacro %}

{#
  Limits of what was to be expected of as many events as were counted, which may be fractions (Byar's approximation to the
  exact Poisson limits: Breslow and Day 1987, volume 2, 2.7). Of shares that are not small they are wider than need be.
#}
{% macro byar_low(count) -%}
    case
        when {{ count }} > 0 then cast({{ count }} as double) * pow(
            greatest(
                cast(0 as double),
                1 - 1 / (9 * cast({{ count }} as double)) - {{ normal_point() }} / (3 * sqrt(cast({{ count }} as double)))
            ),
            3
        )
        when {{ count }} = 0 then cast(0 as double)
    end
{%- endmacro %}

{% macro byar_high(count) -%}
    (cast({{ count }} as double) + 1) * pow(
        1 - 1 / (9 * (cast({{ count }} as double) + 1)) + {{ normal_point() }} / (3 * sqrt(cast({{ count }} as double) + 1)), 3
    )
{%- endmacro %}
