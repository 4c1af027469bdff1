{#
  Rows with adjusted_p_value, the least rate of false discoveries at which a row is said to differ when all are looked at
  together (a relation in parentheses): Benjamini and Hochberg as in `adjusted_p_values`, from `standard_errors` that are
  worked out already. Rows without them are not looked at.
#}
{% macro stepped_up(rows) -%}
    (
        with valued as (
            select *, {{ two_sided_p_value('standard_errors') }} as p_value
            from {{ rows }}
        ),

        -- Equal values share the last of their places.
        placed as (
            select
                *,
                p_value * count(p_value) over () / nullif(count(p_value) over (order by p_value), 0) as bound
            from valued
        )

        select
            *,
            case when p_value is not null then min(bound) over (order by p_value desc) end as adjusted_p_value
        from placed
    )
{%- endmacro %}
