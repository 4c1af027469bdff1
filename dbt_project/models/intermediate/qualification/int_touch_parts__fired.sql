{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with record_versions as (
    select distinct record_key, criteria_version
    from {{ ref('int_record_criteria__spanned') }}
    where {{ touched_only('record_key') }}
),

touches as (
    select
        record_key,
        source,
        touch_id,
        {{ touch_texts() }},
        occurred_at,
        known_at,
        valid_from,
        valid_to
    from {{ ref('int_touches__owned') }} as owned
    where
        {{ trimmed('owned.signal') }} in (
            select rules.name
            from {{ ref('input__criteria_rules') }} as rules
            where rules.section = 'readiness' and rules.kind = 'touch'
        )
        and {{ touched_only('record_key') }}
),

-- As where points are counted: each touch finds its record's versions first.
asked as {{ worked_out_first() }} (
    select touches.*, record_versions.criteria_version
    from touches
    inner join record_versions on touches.record_key = record_versions.record_key
),

matched as (
    select
        asked.record_key,
        asked.source,
        asked.touch_id,
        asked.service_line,
        asked.criteria_version,
        rules.rule_id,
        rules.part_no,
        rules.part_count,
        asked.occurred_at,
        asked.known_at,
        asked.valid_from,
        asked.valid_to
    from asked
    inner join {{ ref('input__criteria_rules') }} as rules
        on
            asked.criteria_version = rules.criteria_version
            and rules.section = 'readiness'
            and rules.kind = 'touch'
            and asked.signal = rules.name
    where {{ touch_meets('rules', 'asked') }}
),

fired as (
    select *
    from {{ stretches(
        'matched', ['source', 'touch_id', 'service_line', 'criteria_version', 'rule_id', 'part_no', 'part_count']
    ) }} as spanned
),

placed as (
    select
        *,
        row_number() over (
            partition by record_key, criteria_version, rule_id, part_no, service_line, valid_to = {{ end_of_time() }}
            order by valid_from, touch_id, source
        ) as place,
        min(case when valid_to = {{ end_of_time() }} then valid_from end) over (
            partition by record_key, criteria_version, rule_id, part_no, service_line
        ) as first_lasting_from
    from fired
)

-- The first that stays fires the part for good: of the others only those before it matter.
select
    record_key,
    source,
    touch_id,
    service_line,
    criteria_version,
    rule_id,
    part_no,
    part_count,
    occurred_at,
    known_at,
    valid_from,
    valid_to
from placed
where
    (valid_to = {{ end_of_time() }} and place = 1)
    or (valid_to < {{ end_of_time() }} and valid_from < coalesce(first_lasting_from, {{ end_of_time() }}))
