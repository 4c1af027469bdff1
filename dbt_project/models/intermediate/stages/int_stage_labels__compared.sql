{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- The CRM's first label of a stage beside the criteria's first answer, of leads that criteria were in force for. A label is
-- missed when none has come seven days after the tolerance: of whom that is to be said, and when, say those who read this.
with stages as (
    select
        sources.id_space,
        stages.stage,
        max(sources.stage_tolerance_seconds) as tolerance_seconds
    from {{ ref('input__sources') }} as sources
    cross join (select 'mql' as stage union all select 'sql' as stage) as stages
    group by sources.id_space, stages.stage
),

entries as (
    select
        merged.lead_key,
        entries.*,
        row_number() over (
            partition by merged.lead_key, entries.stage, entries.basis_group
            order by
                case when entries.basis_group = 'crm_label' then entries.entered_at else entries.effective_at end,
                entries.effective_at,
                entries.record_key,
                entries.entry_key
        ) as place
    from {{ ref('int_stage_entries__unioned') }} as entries
    inner join {{ ref('int_records__merged') }} as merged on entries.record_key = merged.record_key
    where not entries.is_superseded and entries.stage in ('mql', 'sql') and entries.basis_group in ('crm_label', 'criteria')
        and {{ touched_only('entries.record_key') }}
),

compared as (
    select
        leads.lead_key,
        leads.lead_id,
        leads.source,
        leads.id_space,
        stages.stage,
        leads.service_line,
        leads.channel,
        coalesce(decided.criteria_version, leads.criteria_version) as criteria_version,
        leads.excluded_by,
        label.record_key as label_record_key,
        label.source as label_source,
        {{ trimmed('label.actor_id') }} as actor_id,
        label.actor_type,
        leads.is_deleted,
        stages.tolerance_seconds,
        label.entered_at as labelled_at,
        label.effective_at as label_effective_at,
        decided.effective_at as decided_at,
        {{ add_seconds('decided.effective_at', 'stages.tolerance_seconds + 7 * 86400') }} as missed_at
    from {{ ref('int_leads__current') }} as leads
    inner join stages on leads.id_space = stages.id_space
    left join entries as label
        on
            leads.lead_key = label.lead_key
            and stages.stage = label.stage
            and label.basis_group = 'crm_label'
            and label.place = 1
    left join entries as decided
        on
            leads.lead_key = decided.lead_key
            and stages.stage = decided.stage
            and decided.basis_group = 'criteria'
            and decided.place = 1
    where
        leads.criteria_version is not null
        and (label.entry_key is not null or decided.entry_key is not null)
        and {{ touched_only('leads.lead_key') }}
)

-- Who set the label; where there is none, who first worked the lead.
select
    compared.*,
    labellers.role as labeller_role,
    labellers.team_id as labeller_team_id,
    case
        when compared.decided_at is null then 'labelled_without_evidence'
        when compared.labelled_at is null then 'missed'
        when {{ add_seconds('compared.labelled_at', 'compared.tolerance_seconds') }} < compared.decided_at then 'labelled_too_early'
        when {{ add_seconds('compared.decided_at', 'compared.tolerance_seconds') }} < compared.labelled_at then 'labelled_too_late'
        else 'agreed'
    end as verdict,
    case
        when compared.labelled_at is null then worked.staff_id
        when coalesce(compared.actor_type, 'staff') = 'staff' then compared.actor_id
    end as staff_id,
    case
        when compared.labelled_at is null or labellers.team_id is null then worked.team_id
        else labellers.team_id
    end as team_id
from compared
left join {{ ref('int_leads__worked') }} as worked on compared.lead_key = worked.lead_key
left join {{ ref('int_staff__current') }} as labellers
    on
        coalesce(compared.actor_type, 'staff') = 'staff'
        and compared.label_source = labellers.source
        and compared.actor_id = {{ trimmed('labellers.staff_id') }}
