-- The CRM's first label of a stage beside the criteria's first answer, for stages the lead's source has ever labelled
-- and leads that criteria were in force for.
with labelled_stages as (
    select distinct records.id_space, labels.stage
    from {{ ref('int_stage_labels__entered') }} as labels
    inner join {{ ref('int_records__current') }} as records on labels.record_key = records.record_key
    where labels.stage in ('mql', 'sql')
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
),

tolerances as (
    select id_space, max(stage_tolerance_seconds) as tolerance_seconds
    from {{ ref('input__sources') }}
    group by id_space
)

select
    leads.lead_key,
    leads.source,
    labelled_stages.stage,
    leads.criteria_version as current_criteria_version,
    decided.criteria_version as decided_criteria_version,
    label.record_key as label_record_key,
    label.source as label_source,
    label.actor_id,
    label.actor_type,
    tolerances.tolerance_seconds,
    label.entered_at as labelled_at,
    decided.effective_at as decided_at
from {{ ref('int_leads__current') }} as leads
inner join labelled_stages on leads.id_space = labelled_stages.id_space
inner join tolerances on leads.id_space = tolerances.id_space
left join entries as label
    on
        leads.lead_key = label.lead_key
        and labelled_stages.stage = label.stage
        and label.basis_group = 'crm_label'
        and label.place = 1
left join entries as decided
    on
        leads.lead_key = decided.lead_key
        and labelled_stages.stage = decided.stage
        and decided.basis_group = 'criteria'
        and decided.place = 1
where leads.criteria_version is not null and (label.entry_key is not null or decided.entry_key is not null)
