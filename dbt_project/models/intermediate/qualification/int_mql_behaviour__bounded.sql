{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  The least and the most that touches can be worth at each moment, by running sums in one pass. Without decay they are
  the points themselves; with decay they are doubles with a margin wider than every rounding. Rules with decay and
  `at_most`, where a newer touch may take an older one's place, are summed apart: their bounds can lie far from each other.
#}
with moments as (
    select * from {{ ref('int_mql_moments__found') }} where {{ touched_only('record_key') }}
),

weighed as (
    select * from {{ ref('int_mql_touches__weighed') }} where {{ touched_only('record_key') }}
),

steps as (
    select span_key, criteria_version, rule_no, block_no, moment_micros, step, upper_step, lower_step, false as is_asked
    from weighed
    union all
    select
        moments.span_key, seen.criteria_version, seen.rule_no,
        cast(floor(moments.moment_micros / rules.block_micros) as bigint), moments.moment_micros, 0, 0.0, 0.0, true
    from moments
    inner join (select distinct span_key, criteria_version, rule_no from weighed) as seen on moments.span_key = seen.span_key
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on seen.criteria_version = rules.criteria_version and seen.rule_no = rules.rule_no
),

summed as (
    select
        *,
        2 + count(*) over upto as margin,
        sum(step) over upto as touch_count,
        sum(upper_step) over upto as upper_weight,
        sum(lower_step) over upto as lower_weight
    from steps
    window upto as (partition by span_key, rule_no, block_no order by moment_micros)
),

worth as (
    select
        summed.span_key,
        summed.moment_micros,
        summed.margin,
        rules.is_decaying,
        rules.is_decaying and rules.touch_limit is not null as is_swapping,
        least(touch_count, coalesce(rules.touch_limit, touch_count)) * rules.micro_points as whole_micro_points,
        {% for bound in ['upper', 'lower'] %}
        1000000 * {{ bound }}_weight * case when rules.is_decaying then
            pow(0.5, (summed.moment_micros - summed.block_no * rules.block_micros) / rules.half_life_microseconds)
        end as {{ bound }}_worth{{ "," if not loop.last }}
        {% endfor %}
    from summed
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on summed.criteria_version = rules.criteria_version and summed.rule_no = rules.rule_no
    where summed.is_asked
),

bounds as (
    select
        span_key,
        moment_micros,
        {% for name, which in [('', 'not is_swapping'), ('swapping_', 'is_swapping')] %}
        sum(case
            when not {{ which }} then 0
            when is_decaying then greatest(0, cast(floor(lower_worth) as bigint) - margin)
            else whole_micro_points
        end) as {{ name }}least_micro_points,
        sum(case
            when not {{ which }} then 0
            when is_decaying then least(whole_micro_points, cast(ceil(upper_worth) as bigint) + margin)
            else whole_micro_points
        end) as {{ name }}most_micro_points{{ "," if not loop.last }}
        {% endfor %}
    from worth
    group by span_key, moment_micros
)

select
    moments.record_key,
    moments.span_no,
    moments.moment_micros,
    {% for name in ['least', 'most', 'swapping_least', 'swapping_most'] %}
    cast(coalesce(bounds.{{ name }}_micro_points, 0) as bigint) as {{ name }}_micro_points{{ "," if not loop.last }}
    {% endfor %}
from moments
left join bounds on moments.span_key = bounds.span_key and moments.moment_micros = bounds.moment_micros
