{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with changes as (
    select decided.record_key, decided.decided_at, switched.cause, switched.criteria_version, switched.is_on
    from {{ ref('int_disqualifications__decided') }} as decided
    inner join {{ ref('int_disqualifications__switched') }} as switched
        on
            decided.record_key = switched.record_key
            and decided.decided_at = switched.switched_at
            and decided.qualifies = switched.is_on
    where {{ touched_only('decided.record_key') }}
),

screenings as (
    select
        changes.record_key,
        changes.decided_at,
        screenings.source,
        screenings.event_id,
        screenings.occurred_at,
        screenings.known_at
    from changes
    inner join {{ ref('int_screenings__spanned') }} as screenings
        on
            changes.cause = 'screening'
            and changes.record_key = screenings.record_key
            and case when changes.is_on then 'not_qualified' else 'qualified' end = screenings.outcome
            and changes.decided_at >= screenings.valid_from
            and changes.decided_at < screenings.valid_to
    qualify row_number() over (
        partition by changes.record_key, changes.decided_at
        order by screenings.valid_from desc, screenings.event_id, screenings.source
    ) = 1
)

select
    record_key,
    'screening' as rule_id,
    'work_event' as source_kind,
    source as row_source,
    event_id as source_id,
    occurred_at,
    known_at,
    decided_at
from screenings

union all

select
    changes.record_key,
    judged.rule_id,
    'attribute' as source_kind,
    null as row_source,
    judged.name as source_id,
    judged.known_at as occurred_at,
    judged.known_at,
    changes.decided_at
from changes
inner join {{ ref('int_attribute_rules__judged') }} as judged
    on
        changes.cause = 'eligibility'
        and changes.record_key = judged.record_key
        and changes.criteria_version = judged.criteria_version
        and judged.section = 'eligibility'
        and case when changes.is_on then judged.is_failing else judged.is_satisfied end
        and changes.decided_at >= judged.valid_from
        and changes.decided_at < judged.valid_to
