{# Which of many shares differ from those they are compared with, when all are looked at together: of twenty that are
   alike one would seem to differ at 95 %. Benjamini and Hochberg (1995) keep the share of the wrong among those said to
   differ at the rate asked for, also where comparisons lean the same way (Benjamini and Yekutieli 2001). #}

{# Below so many expected in any cell of the four the normal approximation says nothing (Cochran 1954). #}
{% macro least_expected_count() -%}
    5
{%- endmacro %}

{#
  Difference of two shares in standard errors, from the variance of both together; 0 where they are equal, whatever the
  counts, and empty where nothing is compared or too little is expected.
#}
{% macro standard_errors_apart(count, whole, other_count, other_whole) -%}
    {%- set c, n = 'cast(' ~ count ~ ' as double)', 'cast(' ~ whole ~ ' as double)' -%}
    {%- set d, m = 'cast(' ~ other_count ~ ' as double)', 'cast(' ~ other_whole ~ ' as double)' -%}
    case
        when {{ whole }} > 0 and {{ other_whole }} > 0 and {{ c }} * {{ m }} = {{ d }} * {{ n }} then cast(0 as double)
        when
            {{ whole }} > 0 and {{ other_whole }} > 0
            and least({{ n }}, {{ m }}) * least({{ c }} + {{ d }}, {{ n }} + {{ m }} - {{ c }} - {{ d }})
            >= {{ least_expected_count() }} * ({{ n }} + {{ m }})
            then ({{ c }} * {{ m }} - {{ d }} * {{ n }}) * sqrt(
                ({{ n }} + {{ m }}) / ({{ n }} * {{ m }} * ({{ c }} + {{ d }}) * ({{ n }} + {{ m }} - {{ c }} - {{ d }}))
            )
    end
{%- endmacro %}

{#
  How often chance alone carries a normal variable that far from 0, to either side. Abramowitz and Stegun (1964),
  26.2.17, twice: the error is below 1.5e-7.
#}
{% macro two_sided_p_value(standard_errors) -%}
    {%- set t = '(1 / (1 + cast(0.2316419 as double) * abs(' ~ standard_errors ~ ')))' -%}
    case
        when {{ standard_errors }} = 0 then cast(1 as double)
        when {{ standard_errors }} is not null then least(
            cast(1 as double),
            2 * cast(0.3989422804014327 as double) * exp(-{{ standard_errors }} * {{ standard_errors }} / 2) * {{ t }} * (
                cast(0.319381530 as double) + {{ t }} * (
                    cast(-0.356563782 as double) + {{ t }} * (
                        cast(1.781477937 as double) + {{ t }} * (
                            cast(-1.821255978 as double) + {{ t }} * cast(1.330274429 as double)
                        )
                    )
                )
            )
        )
    end
{%- endmacro %}

{#
  The rows with one column more per comparison, <name>_adjusted_p_value (a relation in parentheses): the least rate of
  false discoveries at which this row is said to differ, among those of its `family`. `comparisons` names the counts:
  {name: [count, whole, other_count, other_whole]}. Rows for which `judged` does not hold are in no family.
#}
{% macro adjusted_p_values(rows, family, comparisons, judged='true') -%}
    {%- set prefixes = (comparisons | join('_ ') ~ '_').split(' ') -%}
    (
        with apart as (
            select
                *,
                {% for name, counts in comparisons.items() %}
                case when {{ judged }} then {{ standard_errors_apart(*counts) }} end as {{ name }}_standard_errors{{ "," if not loop.last }}
                {% endfor %}
            from {{ rows }}
        )

        select *
        from {{ stepped_up('apart', prefixes, family) }} as judged
    )
{%- endmacro %}
