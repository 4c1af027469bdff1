{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- A rule holds a record back alone while every other rule of eligibility is satisfied and the record is MQL or has a
-- readiness item standing. The language knows two ways: its value is unknown and it waits, or the rule fails.
with spans as (
    select * from {{ ref('int_record_criteria__spanned') }} where {{ touched_only('record_key') }}
),

moments as (
    select
        swept.*,
        least(
            lead(swept.moment, 1, {{ end_of_time() }}) over (partition by swept.record_key order by swept.moment), spans.valid_to
        ) as until_at
    from {{ ref('int_qualification_moments__swept') }} as swept
    inner join spans on swept.record_key = spans.record_key and swept.span_no = spans.span_no
    where {{ touched_only('swept.record_key') }}
),

held as (
    select
        moments.record_key,
        moments.criteria_version,
        moments.held_back_by as rule_id,
        moments.is_failing,
        min(case when moments.is_ready then moments.moment else greatest(moments.moment, mql.decided_at) end) as held_from,
        max(moments.until_at) as held_until
    from moments
    left join {{ ref('int_mql_records__decided') }} as mql on moments.record_key = mql.record_key and mql.qualifies
    where moments.held_back_by is not null and (moments.is_ready or mql.decided_at < moments.until_at)
    group by moments.record_key, moments.criteria_version, moments.held_back_by, moments.is_failing
),

in_force as (
    select record_key, criteria_version, max(valid_to) as left_at
    from spans
    group by record_key, criteria_version
),

-- What was waited for: the first value that satisfies the rule or fails it.
known as (
    select held.record_key, held.criteria_version, held.rule_id, min(judged.valid_from) as value_known_at
    from held
    inner join {{ ref('int_attribute_rules__judged') }} as judged
        on
            held.record_key = judged.record_key
            and held.criteria_version = judged.criteria_version
            and held.rule_id = judged.rule_id
            and judged.section = 'eligibility'
            and (judged.is_satisfied or judged.is_failing)
            and held.held_from < judged.valid_from
    where not held.is_failing
    group by held.record_key, held.criteria_version, held.rule_id
)

select
    held.record_key,
    held.criteria_version,
    held.rule_id,
    held.is_failing,
    held.held_from,
    held.held_until,
    case when not held.is_failing then known.value_known_at end as value_known_at,
    in_force.left_at
from held
inner join in_force on held.record_key = in_force.record_key and held.criteria_version = in_force.criteria_version
left join known
    on
        held.record_key = known.record_key
        and held.criteria_version = known.criteria_version
        and held.rule_id = known.rule_id
