{# How long things wait, where some wait still. #}

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
