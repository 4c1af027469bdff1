{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

select
    evidence.record_key,
    merged.lead_key,
    records.source,
    records.lead_id,
    evidence.stage,
    evidence.rule_id,
    evidence.source_kind,
    evidence.row_source,
    evidence.source_id,
    {{ units_of_micros('evidence.micro_points') }} as points,
    evidence.occurred_at,
    evidence.source_known_at,
    evidence.decided_at
from {{ ref('int_qualification_evidence__collected') }} as evidence
inner join {{ ref('int_records__current') }} as records on evidence.record_key = records.record_key
inner join {{ ref('int_records__merged') }} as merged on evidence.record_key = merged.record_key
where {{ touched_only('evidence.record_key') }}
