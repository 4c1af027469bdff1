{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- An opportunity is a step of its own from SQL that many CRMs leave out: its absence is no skip, and coming to it again is no
-- way back, whatever appointment lies before it. Every lead begins as a lead: any way to that stage leads back. Only what
-- the CRM and the appointments say can be out of order: what the criteria decide is decided on the effective clock.
with compared as (
    select
        entries.*,
        entries.basis_group <> 'criteria' and entries.entered_at < leads.created_at as is_before_lead,
        entries.basis_group <> 'appointment_record' and entries.stage <> 'opportunity' as is_on_the_way,
        (entries.stage_rank > 1 and entries.basis_group <> 'appointment_record' and not entries.has_mql_before)
        or (entries.stage_rank > 2 and entries.basis_group <> 'appointment_record' and not entries.has_sql_before)
        or (entries.stage_rank > 4 and not entries.has_appointment_before) as is_ahead,
        (entries.stage_rank > 1 and not entries.has_mql_before and entries.has_mql_after)
        or (entries.stage_rank > 2 and not entries.has_sql_before and entries.has_sql_after)
        or (entries.stage_rank > 4 and not entries.has_appointment_before and entries.has_appointment_after) as is_overtaken
    from {{ ref('int_stage_entries__ordered') }} as entries
    inner join {{ ref('int_leads__current') }} as leads on entries.lead_key = leads.lead_key
    where {{ touched_only('entries.record_key') }}
)

select
    entry_key,
    lead_key,
    record_key,
    basis_group,
    from_stage,
    stage,
    basis,
    criteria_version,
    case
        when is_end then 'backward'
        when is_before_lead then 'out_of_order'
        when not is_evidenced then 'no_evidence'
        when is_reentry and from_stage = stage then 'repeated'
        when stage = 'lead' and from_stage <> 'lead' then 'backward'
        when is_reentry and is_on_the_way and stage_rank < furthest_rank_before then 'backward'
        when is_reentry and from_stage = 'disqualified' and stage <> 'disqualified' then 'backward'
        when is_reentry then 'repeated'
        when is_ahead and is_overtaken and basis_group <> 'criteria' then 'out_of_order'
        when is_ahead then 'skipped'
    end as anomaly,
    is_end,
    false as is_superseded,
    entered_at,
    known_at,
    effective_at,
    cast(null as timestamp) as superseded_at
from compared

union all

select
    entries.entry_key,
    merged.lead_key,
    entries.record_key,
    entries.basis_group,
    '(none)' as from_stage,
    entries.stage,
    entries.basis,
    entries.criteria_version,
    null as anomaly,
    entries.is_end,
    entries.is_superseded,
    entries.entered_at,
    entries.known_at,
    entries.effective_at,
    entries.superseded_at
from {{ ref('int_stage_entries__unioned') }} as entries
inner join {{ ref('int_records__merged') }} as merged on entries.record_key = merged.record_key
where entries.is_superseded and {{ touched_only('entries.record_key') }}
