{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- A moment may be listed twice (undecided, and the last one): it is counted once.
with moments as (
    select distinct record_key, span_no, moment_micros
    from {{ ref('int_mql_moments__narrowed') }}
    where {{ touched_only('record_key') }}
),

counting as (
    select
        moments.moment_micros,
        ranked.*,
        row_number() over (
            partition by moments.record_key, moments.moment_micros, ranked.rule_id
            order by ranked.occurred_micros desc, ranked.touch_id desc, ranked.source desc
        ) as place
    from moments
    inner join {{ ref('int_touches__ranked') }} as ranked
        on
            moments.record_key = ranked.record_key
            and moments.span_no = ranked.span_no
            and moments.moment_micros >= ranked.counts_from_micros
            and moments.moment_micros < ranked.may_count_to_micros
    where {{ touched_only('ranked.record_key') }}
    qualify ranked.touch_limit is null or place <= ranked.touch_limit
)

select
    counting.record_key,
    counting.span_no,
    counting.rule_id,
    counting.source,
    counting.touch_id,
    counting.moment_micros,
    counting.occurred_micros,
    counting.effective_micros,
    {{ decayed_micro_points('rules', '(counting.moment_micros - counting.occurred_micros)') }} as micro_points
from counting
inner join {{ ref('input__criteria_rules') }} as rules
    on
        counting.criteria_version = rules.criteria_version
        and rules.section = 'behaviour'
        and counting.rule_id = rules.rule_id
