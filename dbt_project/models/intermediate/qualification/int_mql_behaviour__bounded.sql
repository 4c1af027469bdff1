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
    select record_key, span_no, criteria_version, rule_id, block_no, is_upper, from_micros as moment_micros, weight, 1 as step
    from weighed
    union all
    select record_key, span_no, criteria_version, rule_id, block_no, is_upper, to_micros as moment_micros, -weight, -1
    from weighed
    union all
    select
        moments.record_key, moments.span_no, seen.criteria_version, seen.rule_id,
        cast(floor(moments.moment_micros / rules.block_micros) as bigint), null, moments.moment_micros, 0.0, 0
    from moments
    inner join (select distinct record_key, span_no, criteria_version, rule_id from weighed) as seen
        on moments.record_key = seen.record_key and moments.span_no = seen.span_no
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules on seen.criteria_version = rules.criteria_version and seen.rule_id = rules.rule_id
),

summed as (
    select
        *,
        2 + count(*) over upto as margin,
        sum(case when is_upper then step else 0 end) over upto as touch_count,
        sum(case when is_upper then weight else 0.0 end) over upto as upper_weight,
        sum(case when not is_upper then weight else 0.0 end) over upto as lower_weight
    from steps
    window upto as (partition by record_key, span_no, rule_id, block_no order by moment_micros)
),

worth as (
    select
        summed.record_key,
        summed.span_no,
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
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules on summed.criteria_version = rules.criteria_version and summed.rule_id = rules.rule_id
    where summed.is_upper is null
)

select
    moments.record_key,
    moments.span_no,
    moments.moment_micros,
    {% for name, which in [('', 'not worth.is_swapping'), ('swapping_', 'worth.is_swapping')] %}
    cast(coalesce(sum(case
        when not {{ which }} then 0
        when worth.is_decaying then greatest(0, cast(floor(worth.lower_worth) as bigint) - worth.margin)
        else worth.whole_micro_points
    end), 0) as bigint) as {{ name }}least_micro_points,
    cast(coalesce(sum(case
        when not {{ which }} then 0
        when worth.is_decaying
            then least(worth.whole_micro_points, cast(ceil(worth.upper_worth) as bigint) + worth.margin)
        else worth.whole_micro_points
    end), 0) as bigint) as {{ name }}most_micro_points{{ "," if not loop.last }}
    {% endfor %}
from moments
left join worth using (record_key, span_no, moment_micros)
group by moments.record_key, moments.span_no, moments.moment_micros
