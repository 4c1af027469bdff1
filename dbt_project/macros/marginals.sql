{#
  Rows seen from several sides (a relation in parentheses): all of them, then one dimension at a time. `values` names the
  column of each dimension. Every row stands once in each view, so that views are never summed over one another.
#}
{% macro marginal_views(rows, values) -%}
    (
        select
            dimensions.dimension,
            case dimensions.dimension
                when 'all' then 'all'
                {% for dimension, column in values.items() -%}
                when '{{ dimension }}' then {{ rows }}.{{ column }}
                {% endfor -%}
            end as dimension_value,
            {{ rows }}.*
        from {{ rows }}
        cross join (
            select 'all' as dimension
            {% for dimension in values -%}
            union all
            select '{{ dimension }}' as dimension
            {% endfor %}
        ) as dimensions
    )
{%- endmacro %}

{# A value beside a total that is called `all`: one that reads so itself is shown as (named all), and does not join the total. #}
{% macro beside_all(expression) -%}
    case when {{ expression }} = 'all' then '(named all)' else {{ expression }} end
{%- endmacro %}
