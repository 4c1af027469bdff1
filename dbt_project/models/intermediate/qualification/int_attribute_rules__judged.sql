{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with rules as (
    select *
    from {{ ref('input__criteria_rules') }}
    where kind = 'attribute'
),

record_versions as (
    select distinct record_key, criteria_version
    from {{ ref('int_record_criteria__spanned') }}
    where {{ touched_only('record_key') }}
),

attributes as (
    select record_key, name, {{ trimmed('value') }} as value, valid_from, valid_to
    from {{ ref('int_attributes__versioned') }}
    where name in (select rules.name from rules) and {{ touched_only('record_key') }}
),

-- Before its first row says otherwise, an attribute is unknown.
unsaid as (
    select
        record_names.record_key,
        record_names.name,
        cast(null as varchar) as value,
        {{ beginning_of_time() }} as valid_from,
        coalesce(min(attributes.valid_from), {{ end_of_time() }}) as valid_to
    from (
        select distinct record_versions.record_key, rules.name
        from record_versions
        inner join rules on record_versions.criteria_version = rules.criteria_version
    ) as record_names
    left join attributes
        on record_names.record_key = attributes.record_key and record_names.name = attributes.name
    group by record_names.record_key, record_names.name
),

known as (
    select record_key, name, value, valid_from, valid_to, true as is_said from attributes
    union all
    select record_key, name, value, valid_from, valid_to, false as is_said from unsaid
),

judged as (
    select
        known.record_key,
        rules.criteria_version,
        rules.section,
        rules.rule_id,
        rules.part_no,
        rules.part_count,
        rules.name,
        rules.micro_points,
        rules.when_unknown,
        {{ verdict_on('rules', 'known.value') }} as verdict,
        known.is_said,
        known.valid_from,
        known.valid_to
    from record_versions
    inner join rules on record_versions.criteria_version = rules.criteria_version
    inner join known on record_versions.record_key = known.record_key and rules.name = known.name
)

select
    record_key,
    criteria_version,
    section,
    rule_id,
    part_no,
    part_count,
    name,
    micro_points,
    verdict = 'satisfied' or (verdict = 'unknown' and when_unknown = 'pass') as is_satisfied,
    verdict = 'failed' or (verdict = 'unknown' and when_unknown = 'fail') as is_failing,
    case when is_said then valid_from end as known_at,
    valid_from,
    valid_to
from judged
