{{ config(materialized='view') }}

with entries as (
    select
        record_key,
        cast(null as varchar) as source,
        'criteria' as basis_group,
        'decision|' || cast(decision_no as varchar) as source_entry,
        stage,
        basis,
        criteria_version,
        cast(null as varchar) as actor_id,
        cast(null as varchar) as actor_type,
        not qualifies as is_end,
        true as is_evidenced,
        false as is_superseded,
        decided_at as entered_at,
        decided_at as known_at,
        decided_at as effective_at,
        cast(null as timestamp) as superseded_at
    from {{ ref('int_qualification_decisions__made') }}
    where qualifies or stage = 'disqualified'
    union all
    select
        record_key,
        source,
        'crm_label' as basis_group,
        source || '|' || event_id as source_entry,
        stage,
        'crm_label' as basis,
        null as criteria_version,
        actor_id,
        actor_type,
        false as is_end,
        true as is_evidenced,
        is_superseded,
        entered_at,
        known_at,
        effective_at,
        superseded_at
    from {{ ref('int_stage_labels__entered') }}
    union all
    select
        record_key,
        source,
        'appointment_record' as basis_group,
        source || '|' || appointment_id as source_entry,
        stage,
        'appointment_record' as basis,
        null as criteria_version,
        null as actor_id,
        null as actor_type,
        false as is_end,
        is_evidenced,
        is_superseded,
        entered_at,
        known_at,
        effective_at,
        superseded_at
    from {{ ref('int_appointments__entered') }}
)

select
    md5({{ canonical_text(['record_key', 'basis_group', 'source_entry', 'stage', 'entered_at', 'known_at']) }}) as entry_key,
    record_key,
    source,
    basis_group,
    stage,
    basis,
    criteria_version,
    actor_id,
    actor_type,
    is_end,
    is_evidenced,
    is_superseded,
    entered_at,
    known_at,
    effective_at,
    superseded_at
from entries
