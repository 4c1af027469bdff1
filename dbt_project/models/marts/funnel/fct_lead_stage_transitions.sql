{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- Nothing is on record before its record is: a label may speak of a lead that nobody has heard of yet.
select
    judged.entry_key as transition_key,
    judged.lead_key,
    judged.record_key,
    judged.from_stage,
    judged.stage,
    judged.basis,
    judged.criteria_version,
    judged.anomaly,
    judged.is_end,
    judged.is_superseded,
    coalesce(not judged.is_end and judged.basis_group = authorities.basis_group, false) as is_governing,
    judged.entered_at,
    judged.known_at,
    greatest(judged.effective_at, records.effective_at) as recorded_at,
    judged.superseded_at
from {{ ref('int_stage_entries__judged') }} as judged
inner join {{ ref('int_records__current') }} as records on judged.record_key = records.record_key
left join {{ ref('int_stage_authorities__set') }} as authorities
    on records.id_space = authorities.id_space and judged.stage = authorities.stage
where {{ touched_only('judged.record_key') }}
