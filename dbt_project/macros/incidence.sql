{#
  The share converted by each age (a relation in parentheses), with its 95 % interval. `rows` has, for each key, a row
  for every age from 0 on: age_days; at_risk_count, and of these converted_count and competing_count at that age;
  followed_count, those whose time reaches that age, whether or not they have left.

  Aalen and Johansen (1978): each conversion counts with the inverse of the share of its like still watched. That weight
  is 1 as long as nobody's time ended early, so there the rate is converted / entered to the last bit; where nobody leaves
  otherwise it is Kaplan and Meier's. It is empty from the first age nobody was watched at, unless all had left before, and
  from one at which all watched left while others were still to be observed: what these did is not theirs to tell.
  The interval is Wilson's, for as many leads as would leave the variance as it is (Greenwood's for competing ways
  out; Marubini and Valsecchi 1995): where all are followed, just the leads.
#}
{% macro cumulative_incidence(rows, keys) -%}
    {%- set by_age = 'partition by ' ~ keys | join(', ') ~ ' order by age_days' -%}
    {%- set whole = 'cast(started_count as double)' -%}
    {%- set left = '(converted_count + competing_count)' -%}
    (
        with stayed as (
            select
                *,
                lag(at_risk_count - {{ left }}) over ({{ by_age }}) as stayed_count,
                first_value(at_risk_count) over ({{ by_age }}) as started_count,
                coalesce(max(at_risk_count) over ({{ by_age }} rows between 1 following and unbounded following), 0) > 0
                    as is_joined_later,
                coalesce(max(case when at_risk_count > 0 and at_risk_count = {{ left }} then 1 else 0 end) over (
                    {{ by_age }} rows between unbounded preceding and 1 preceding
                ), 0) = 1 as is_emptied
            from {{ rows }}
        ),

        weighed as (
            select
                *,
                max(case
                    when at_risk_count = 0 and not is_emptied then 1
                    when at_risk_count > 0 and at_risk_count = {{ left }} and is_joined_later then 1
                    else 0
                end) over ({{ by_age }}) = 0 as is_known,
                min(case when not is_emptied then followed_count end) over ({{ by_age }}) as watched_count,
                case when not is_emptied then exp(sum(
                    case
                        when at_risk_count > 0 and stayed_count > 0
                            then ln(cast(stayed_count as double) / cast(at_risk_count as double))
                        else 0
                    end
                ) over ({{ by_age }})) else 0 end as weight
            from stayed
        ),

        cumulated as (
            select
                *,
                least(1, sum(weight * converted_count) over ({{ by_age }}) / nullif({{ whole }}, 0)) as share,
                case when at_risk_count > {{ left }} and not is_emptied then {{ left }} / (
                    cast(at_risk_count as double) * cast(at_risk_count - {{ left }} as double)
                ) else 0 end as hazard_variance,
                weight * converted_count / nullif({{ whole }} * at_risk_count, 0) as step_size
            from weighed
        ),

        varied as (
            select
                *,
                share * share * sum(hazard_variance) over upto
                - 2 * share * sum(hazard_variance * share) over upto
                + sum(hazard_variance * share * share) over upto
                + sum(coalesce(step_size * weight * (at_risk_count - converted_count) / nullif({{ whole }}, 0), 0)) over upto
                - 2 * share * sum(coalesce(step_size, 0)) over upto
                + 2 * sum(coalesce(step_size * share, 0)) over upto as variance
            from cumulated
            window upto as ({{ by_age }})
        ),

        -- Where no or every lead has converted the variance says nothing: then those watched to the last count.
        sized as (
            select
                *,
                case when is_known then share end as rate,
                case when is_known then case
                    when share > 1e-9 and share < 1 - 1e-9 and variance > 0 then share * (1 - share) / variance
                    else cast(watched_count as double)
                end end as effective_count
            from varied
        ),

        counted as (
            select *, rate * effective_count as effective_converted from sized
        )

        select
            *,
            {{ wilson_low('effective_converted', 'effective_count') }} as rate_low,
            {{ wilson_high('effective_converted', 'effective_count') }} as rate_high
        from counted
    )
{%- endmacro %}
