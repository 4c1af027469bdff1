{# Rates as they would be if everybody had been given the same mix. #}

{#
  Direct standardisation (a relation in parentheses): per family and group the rate it would have if its strata had the
  weights they have in all groups of the family together, as rate, rate_low and rate_high. Only strata count that every
  group has: the others cannot be compared. Limits by Newcombe's way of recovering variances, from the Wilson limits of
  each stratum (Zou and Donner 2008). `cells` has the family's, the group's and the strata's columns, at_risk_count and
  converted_count. Terms are decimals, so that no order of adding shows in a last digit.
#}
{% macro directly_standardised(cells, family, group, strata) -%}
    (
        with families as (
            select {{ family }}, count(distinct {{ group }}) as group_count
            from {{ cells }}
            where at_risk_count > 0
            group by {{ family }}
        ),

        weights as (
            select
                cells.{{ family }},
                {% for column in strata %}
                cells.{{ column }},
                {% endfor %}
                {{ share_of('sum(cells.at_risk_count)', 'sum(sum(cells.at_risk_count)) over (partition by cells.' ~ family ~ ')') }}
                    as weight
            from {{ cells }} as cells
            inner join families on cells.{{ family }} = families.{{ family }}
            where cells.at_risk_count > 0
            group by cells.{{ family }}, cells.{{ strata | join(', cells.') }}
            having count(*) = max(families.group_count)
        ),

        rated as (
            select
                {{ family }},
                {{ group }},
                weight,
                {{ rate_columns('rate', 'converted_count', 'at_risk_count') }}
            from {{ cells }}
            inner join weights using ({{ family }}, {{ strata | join(', ') }})
        ),

        summed as (
            select
                {{ family }},
                {{ group }},
                cast(sum(cast(weight * rate as decimal(28, 18))) as double) as rate,
                cast(sum(cast(pow(weight * (rate - rate_low), 2) as decimal(28, 18))) as double) as below,
                cast(sum(cast(pow(weight * (rate_high - rate), 2) as decimal(28, 18))) as double) as above
            from rated
            group by {{ family }}, {{ group }}
        )

        select
            {{ family }},
            {{ group }},
            rate,
            greatest(cast(0 as double), rate - sqrt(below)) as rate_low,
            least(cast(1 as double), rate + sqrt(above)) as rate_high
        from summed
    )
{%- endmacro %}
