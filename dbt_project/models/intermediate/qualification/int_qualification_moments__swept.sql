{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with spans as (
    select * from {{ ref('int_record_criteria__spanned') }} where {{ touched_only('record_key') }}
),

-- Numbers add up: where one rule alone is not satisfied, the sum of such rules' numbers is its own.
rules as (
    select criteria_version, rule_id, row_number() over (partition by criteria_version order by rule_id) as rule_no
    from {{ ref('input__criteria_rules') }}
    where section = 'eligibility'
),

steps as (
    {% for sign, moment in [('', 'judged.valid_from'), ('-', 'judged.valid_to')] %}
    select
        spans.span_key,
        {{ moment }} as moment,
        {{ sign }}case when judged.is_satisfied then 0 else 1 end as unmet_step,
        {{ sign }}case when judged.is_satisfied then 0 else rules.rule_no end as unmet_no_step,
        {{ sign }}case when judged.is_failing then 1 else 0 end as failing_step,
        0 as item_step,
        0 as row_count
    from spans
    inner join {{ ref('int_attribute_rules__judged') }} as judged
        on
            spans.record_key = judged.record_key
            and spans.criteria_version = judged.criteria_version
            and judged.section = 'eligibility'
    inner join rules on judged.criteria_version = rules.criteria_version and judged.rule_id = rules.rule_id
    union all
    {% endfor %}
    select span_key, moment, 0, 0, 0, step, 0
    from {{ ref('int_readiness_items__stepped') }}
    where {{ touched_only('record_key') }}
    union all
    select span_key, moment, 0, 0, 0, 0, 1 from {{ ref('int_record_rows__effective') }}
    where {{ touched_only('record_key') }}
    union all
    select span_key, valid_from, 0, 0, 0, 0, 0 from spans
),

summed as (
    select
        span_key,
        moment,
        sum(row_count) > 0 as is_row,
        sum(sum(unmet_step)) over upto as unmet_count,
        sum(sum(unmet_no_step)) over upto as unmet_no_sum,
        sum(sum(failing_step)) over upto as failing_count,
        sum(sum(item_step)) over upto as standing_items
    from steps
    group by span_key, moment
    window upto as (partition by span_key order by moment)
),

fired as (
    select
        *,
        max(case when standing_items > 0 then 1 else 0 end) over (
            partition by span_key order by moment
        ) = 1 as has_fired
    from summed
)

select
    spans.record_key,
    spans.span_no,
    spans.criteria_version,
    fired.is_row,
    rules.rule_id as held_back_by,
    fired.unmet_count = 0 as is_eligible,
    fired.failing_count > 0 as is_failing,
    fired.standing_items > 0 as is_ready,
    fired.has_fired,
    fired.moment
from fired
inner join spans
    on
        fired.span_key = spans.span_key
        and fired.moment >= spans.valid_from
        and fired.moment < spans.valid_to
left join rules
    on
        fired.unmet_count = 1
        and spans.criteria_version = rules.criteria_version
        and fired.unmet_no_sum = rules.rule_no
