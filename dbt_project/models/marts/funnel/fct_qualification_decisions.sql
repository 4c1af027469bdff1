{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

select
    decisions.record_key,
    merged.lead_key,
    records.source,
    records.lead_id,
    decisions.stage,
    decisions.criteria_version,
    decisions.basis,
    decisions.qualifies,
    cast(decisions.decision_no as bigint) as decision_no,
    {{ units_of_micros('decisions.fit_micro_points') }} as fit_points,
    {{ units_of_micros('decisions.behaviour_micro_points') }} as behaviour_points,
    decisions.decided_at
from {{ ref('int_qualification_decisions__made') }} as decisions
inner join {{ ref('int_records__current') }} as records on decisions.record_key = records.record_key
inner join {{ ref('int_records__merged') }} as merged on decisions.record_key = merged.record_key
where {{ touched_only('decisions.record_key') }}
