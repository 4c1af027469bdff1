{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- The most each rule could give at any moment of the span: with that a span that cannot qualify is passed over whole.
with touch_counts as (
    select span_key, criteria_version, rule_no, count(*) as touch_count
    from {{ ref('int_touches__matched') }}
    where {{ touched_only('record_key') }}
    group by span_key, criteria_version, rule_no
),

behaviour as (
    select
        touch_counts.span_key,
        sum(least(touch_counts.touch_count, coalesce(rules.touch_limit, touch_counts.touch_count)) * rules.micro_points)
            as most_micro_points
    from touch_counts
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on touch_counts.criteria_version = rules.criteria_version and touch_counts.rule_no = rules.rule_no
    group by touch_counts.span_key
),

spans as (
    select * from {{ ref('int_record_criteria__spanned') }}
    where {{ touched_only('record_key') }}
),

fitting_rules as (
    select distinct spans.span_key, judged.rule_id, judged.micro_points
    from spans
    inner join {{ ref('int_attribute_rules__judged') }} as judged
        on
            spans.record_key = judged.record_key
            and spans.criteria_version = judged.criteria_version
            and judged.section = 'fit'
            and judged.is_satisfied
            and judged.valid_from < spans.valid_to
            and judged.valid_to > spans.valid_from
),

fit as (
    select span_key, sum(micro_points) as most_micro_points
    from fitting_rules
    group by span_key
)

select
    spans.record_key,
    spans.span_no,
    spans.span_key,
    spans.criteria_version,
    cast(coalesce(fit.most_micro_points, 0) as bigint) as fit_most_micro_points,
    spans.valid_from,
    spans.valid_to
from spans
inner join {{ ref('input__criteria_versions') }} as versions on spans.criteria_version = versions.criteria_version
left join behaviour on spans.span_key = behaviour.span_key
left join fit on spans.span_key = fit.span_key
where
    {{ requirement_holds(
        'versions', 'coalesce(fit.most_micro_points, 0)', 'coalesce(behaviour.most_micro_points, 0)'
    ) }}
