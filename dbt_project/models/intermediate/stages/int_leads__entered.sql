{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with governing as (
    select
        merged.lead_key,
        entries.*
    from {{ ref('int_stage_entries__unioned') }} as entries
    inner join {{ ref('int_records__merged') }} as merged on entries.record_key = merged.record_key
    inner join {{ ref('int_records__current') }} as records on entries.record_key = records.record_key
    inner join {{ ref('int_stage_authorities__set') }} as authorities
        on
            records.id_space = authorities.id_space
            and entries.stage = authorities.stage
            and entries.basis_group = authorities.basis_group
    where
        not entries.is_superseded
        and {{ touched_only('entries.record_key') }}
        and entries.stage in ('mql', 'sql', 'opportunity', 'appointment', 'consult')
)

select
    lead_key,
    record_key,
    entry_key,
    stage,
    basis,
    criteria_version,
    entered_at,
    known_at,
    effective_at as became_at
from governing
qualify row_number() over (partition by lead_key, stage order by effective_at, entered_at, record_key, entry_key) = 1
