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
  Median and 90 % point of waiting times some of which have not ended (Kaplan and Meier; a relation in parentheses): per
  key, the earliest time by which that share would have ended, empty where too many still wait to say. `rows` has the key
  columns, waited_micros and is_ended. Logarithms leave a product's last bits open, hence the margin.
#}
{% macro waiting_quantiles(rows, keys) -%}
    {%- set key_list = keys | join(', ') -%}
    (
        with times as (
            select
                {{ key_list }},
                waited_micros,
                sum(case when is_ended then 1 else 0 end) as ended_count,
                sum(count(*)) over (partition by {{ key_list }} order by waited_micros desc) as waiting_count
            from {{ rows }}
            group by {{ key_list }}, waited_micros
        ),

        survived as (
            select
                {{ key_list }},
                waited_micros,
                case
                    when max(case when ended_count = waiting_count then 1 else 0 end) over upto = 1 then 0
                    else exp(sum(
                        case
                            when ended_count = waiting_count then 0
                            else ln(cast(waiting_count - ended_count as double) / cast(waiting_count as double))
                        end
                    ) over upto)
                end as waiting_share
            from times
            window upto as (partition by {{ key_list }} order by waited_micros)
        )

        select
            {{ key_list }},
            min(case when waiting_share <= 0.5 + 1e-9 then waited_micros end) as median_micros,
            min(case when waiting_share <= 0.1 + 1e-9 then waited_micros end) as ninth_decile_micros
        from survived
        group by {{ key_list }}
    )
{%- endmacro %}
