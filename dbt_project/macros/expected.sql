{# What was to be expected of the mix of leads somebody was given. #}

{#
  Indirect standardisation (a relation in parentheses): per `member` (columns) what its leads would have brought if it made
  no difference whose a lead is. Then the SQLs of each stratum fall among its leads by chance: expected and spread as of
  Mantel and Haenszel (1959). `rows` is a CTE with a row per lead, is_converted, the member's columns and the strata's. The
  member's own leads are among all of the stratum. Gives at_risk_count, sql_count, expected_count, others_expected_count (of it,
  what comes from leads of others: the member's share of a stratum taken off), whole_count and
  whole_sql_count (of all members), and standard_errors, empty where fewer than five either way are expected. Decimals, so
  that no order of adding shows in a last digit.
#}
{% macro expected_of_mix(rows, member, strata) -%}
    {%- set members, same_mix = member | join(', '), 'over (partition by ' ~ strata | join(', ') ~ ')' -%}
    (
        with cells as (
            select
                {{ members }},
                count(*) as given_count,
                count(case when is_converted then 1 end) as sql_count,
                sum(count(*)) {{ same_mix }} as stratum_count,
                sum(count(case when is_converted then 1 end)) {{ same_mix }} as stratum_sql_count
            from {{ rows }}
            group by {{ members }}, {{ strata | join(', ') }}
        ),

        summed as (
            select
                {{ members }},
                sum(given_count) as at_risk_count,
                sum(sql_count) as sql_count,
                cast(sum(cast(
                    cast(given_count as double) * stratum_sql_count / stratum_count as decimal(28, 12)
                )) as double) as expected_count,
                cast(sum(cast(
                    cast(given_count as double) * stratum_sql_count * (stratum_count - given_count)
                    / (cast(stratum_count as double) * stratum_count) as decimal(28, 12)
                )) as double) as others_expected_count,
                cast(sum(cast(
                    cast(given_count as double) * stratum_sql_count * (stratum_count - stratum_sql_count) * (stratum_count - given_count)
                    / nullif(cast(stratum_count as double) * stratum_count * (stratum_count - 1), 0) as decimal(28, 12)
                )) as double) as variance,
                sum(sum(given_count)) over () as whole_count,
                sum(sum(sql_count)) over () as whole_sql_count
            from cells
            group by {{ members }}
        )

        select
            *,
            case
                when variance > 0 and least(expected_count, at_risk_count - expected_count) >= {{ least_expected_count() }}
                    then (sql_count - expected_count) / sqrt(variance)
            end as standard_errors
        from summed
    )
{%- endmacro %}

{# Share of the expected that has to come from leads of others: with less a member is compared with itself. #}
{% macro least_compared_share() -%} 0.1 {%- endmacro %}

{# Observed over expected with its limits (Byar), and the rate of all multiplied by that, at most 1; columns as above. #}
{% macro against_expected(judged) -%}
    {%- for name, count in [
        ('', 'cast(' ~ judged ~ '.sql_count as double)'),
        ('_low', byar_low(judged ~ '.sql_count')),
        ('_high', byar_high(judged ~ '.sql_count')),
    ] %}
    {{ count }} / nullif({{ judged }}.expected_count, 0) as ratio{{ name }},
    least(
        cast(1 as double),
        {{ share_of(judged ~ '.whole_sql_count', judged ~ '.whole_count') }} * {{ count }} / nullif({{ judged }}.expected_count, 0)
    ) as adjusted_rate{{ name }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
