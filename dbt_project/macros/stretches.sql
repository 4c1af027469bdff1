{#
  Versions that meet a condition, joined where one follows the other: a correction of something else does not begin
  anything anew (a relation in parentheses). `rows` is a CTE whose rows all meet it, with record_key, the key columns,
  occurred_at, known_at, valid_from and valid_to; occurred_at, known_at and the further columns are those of the first
  version of the stretch.
#}
{% macro stretches(rows, keys, columns = []) -%}
    {%- set key_list = (['record_key'] + keys) | join(', ') -%}
    (
        with numbered as (
            select
                marked.*,
                sum(marked._begins) over (
                    partition by {{ key_list }} order by valid_from rows between unbounded preceding and current row
                ) as _stretch_no
            from (
                select
                    {{ rows }}.*,
                    case
                        when lag(valid_to) over (partition by {{ key_list }} order by valid_from) = valid_from then 0
                        else 1
                    end as _begins
                from {{ rows }}
            ) as marked
        )

        select
            {{ key_list }},
            {% for column in columns + ['occurred_at', 'known_at'] -%}
            min_by({{ column }}, valid_from) as {{ column }},
            {% endfor -%}
            min(valid_from) as valid_from,
            max(valid_to) as valid_to
        from numbered
        group by {{ key_list }}, _stretch_no
    )
{%- endmacro %}
