{#
  Rows with adjusted_p_value, the least rate of false discoveries at which a row is said to differ when all of its `family`
  are looked at together (a relation in parentheses), by Benjamini and Hochberg's step up, from `standard_errors` that are
  worked out already. Rows without them are in no family. With `names` the same for several columns at once, each name
  standing before standard_errors, p_value and adjusted_p_value. What that means: false_discoveries.sql.
#}
{% macro stepped_up(rows, names=[''], family=[]) -%}
    {%- set within = 'partition by ' ~ family | join(', ') if family else '' -%}
    (
        with valued as (
            select
                *,
                {% for name in names %}
                {{ two_sided_p_value(name ~ 'standard_errors') }} as {{ name }}p_value{{ "," if not loop.last }}
                {% endfor %}
            from {{ rows }}
        ),

        -- Equal values share the last of their places.
        placed as (
            select
                *,
                {% for name in names %}
                {{ name }}p_value * count({{ name }}p_value) over ({{ within }})
                / nullif(count({{ name }}p_value) over ({{ within }} order by {{ name }}p_value), 0)
                    as {{ name }}bound{{ "," if not loop.last }}
                {% endfor %}
            from valued
        )

        select
            *,
            {% for name in names %}
            case
                when {{ name }}p_value is not null then min({{ name }}bound) over ({{ within }} order by {{ name }}p_value desc)
            end as {{ name }}adjusted_p_value{{ "," if not loop.last }}
            {% endfor %}
        from placed
    )
{%- endmacro %}
