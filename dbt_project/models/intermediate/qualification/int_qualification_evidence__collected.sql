{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with mql as (
    select * from {{ ref('int_mql_records__decided') }} where {{ touched_only('record_key') }}
),

sql_stage as (
    select * from {{ ref('int_sql_stage__decided') }} where {{ touched_only('record_key') }}
),

judged as (
    select * from {{ ref('int_attribute_rules__judged') }} where {{ touched_only('record_key') }}
),

decided as (
    select record_key, 'mql' as stage, 'fit' as section, criteria_version, decided_at from mql
    union all
    select distinct record_key, 'sql', 'eligibility', criteria_version, decided_at from sql_stage
)

select
    mql.record_key,
    'mql' as stage,
    counted.rule_id,
    'touch' as source_kind,
    counted.source as row_source,
    counted.touch_id as source_id,
    counted.micro_points,
    {{ from_micros('counted.occurred_micros') }} as occurred_at,
    {{ from_micros('counted.effective_micros') }} as source_known_at,
    mql.decided_at
from mql
inner join {{ ref('int_mql_touches__counted') }} as counted
    on mql.record_key = counted.record_key and mql.decided_micros = counted.moment_micros
-- What has decayed to nothing contributes nothing.
where counted.micro_points > 0

union all

select
    decided.record_key,
    decided.stage,
    judged.rule_id,
    'attribute',
    null,
    judged.name,
    case decided.stage when 'mql' then judged.micro_points else 0 end,
    judged.known_at,
    judged.known_at,
    decided.decided_at
from decided
inner join judged
    on
        decided.record_key = judged.record_key
        and decided.criteria_version = judged.criteria_version
        and decided.section = judged.section
        and judged.is_satisfied
        and decided.decided_at >= judged.valid_from
        and decided.decided_at < judged.valid_to

union all

select distinct
    record_key, 'sql', rule_id, source_kind, row_source, source_id, 0, occurred_at, known_at, decided_at
from sql_stage

union all

select record_key, 'disqualified', rule_id, source_kind, row_source, source_id, 0, occurred_at, known_at, decided_at
from {{ ref('int_disqualifications__evidenced') }}
where {{ touched_only('record_key') }}
