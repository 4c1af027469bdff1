{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{% set rule = 'record_key, stage, criteria_version, rule_id, part_count, decided_at' %}

with rules as (
    select
        *,
        case section when 'behaviour' then 'mql' else 'sql' end as stage,
        least(within_microseconds, cast(ceil(least(64.0 * half_life_microseconds, 4e17)) as bigint)) as lasts_micros
    from {{ ref('input__criteria_rules') }}
    where channels is not null
),

decisions as (
    select decisions.record_key, decisions.stage, decisions.criteria_version, spans.service_line, decisions.decided_at
    from {{ ref('int_qualification_decisions__made') }} as decisions
    inner join {{ ref('int_record_criteria__spanned') }} as spans
        on
            decisions.record_key = spans.record_key
            and decisions.decided_at >= spans.valid_from
            and decisions.decided_at < spans.valid_to
    where
        decisions.criteria_version in (select rules.criteria_version from rules)
        and {{ touched_only('decisions.record_key') }}
),

touches as (
    select
        record_key,
        {{ touch_texts() }},
        occurred_at,
        valid_from,
        valid_to
    from {{ ref('int_touches__owned') }} as owned
    where {{ trimmed('owned.signal') }} in (select rules.name from rules) and {{ touched_only('record_key') }}
),

-- All but the channel holds at the moment of the decision, and the touch would still be worth something.
elsewhere as (
    select distinct
        decisions.record_key, decisions.stage, decisions.criteria_version, rules.rule_id, rules.part_no, rules.part_count,
        decisions.service_line, decisions.decided_at
    from decisions
    inner join rules on decisions.criteria_version = rules.criteria_version and decisions.stage = rules.stage
    inner join touches
        on
            decisions.record_key = touches.record_key
            and rules.name = touches.signal
            and decisions.decided_at >= touches.valid_from
            and decisions.decided_at < touches.valid_to
            and {{ lines_agree('touches.service_line', 'decisions.service_line') }}
    where
        {{ touch_meets_where('rules', 'touches') }}
        and not {{ allowed_by('rules.channels', 'touches.channel') }}
        and {{ epoch_micros('decisions.decided_at') }} - {{ epoch_micros('touches.occurred_at') }}
        < coalesce(rules.lasts_micros, {{ epoch_micros(end_of_time()) }})
        and (rules.section <> 'behaviour' or {{ decayed_micro_points(
            'rules', '(' ~ epoch_micros('decisions.decided_at') ~ ' - ' ~ epoch_micros('touches.occurred_at') ~ ')'
        ) }} > 0)
),

-- An item of several parts is kept back by a channel only where its other parts stand.
parts as (
    select {{ rule }}, part_no from elsewhere
    union
    select
        elsewhere.record_key, elsewhere.stage, elsewhere.criteria_version, elsewhere.rule_id, elsewhere.part_count,
        elsewhere.decided_at, standing.part_no
    from elsewhere
    inner join {{ ref('int_readiness_parts__fired') }} as standing
        on
            elsewhere.part_count > 1
            and elsewhere.record_key = standing.record_key
            and elsewhere.criteria_version = standing.criteria_version
            and elsewhere.rule_id = standing.rule_id
            and elsewhere.decided_at >= standing.valid_from
            and elsewhere.decided_at < standing.valid_to
            and {{ lines_agree('standing.touch_service_line', 'elsewhere.service_line') }}
),

blocked as (
    select {{ rule }} from parts group by {{ rule }} having count(*) = part_count
)

select blocked.record_key, blocked.stage, blocked.criteria_version, blocked.rule_id, blocked.decided_at
from blocked
anti join {{ ref('int_qualification_evidence__collected') }} as evidence
    on
        blocked.record_key = evidence.record_key
        and blocked.stage = evidence.stage
        and blocked.decided_at = evidence.decided_at
        and blocked.rule_id = evidence.rule_id
