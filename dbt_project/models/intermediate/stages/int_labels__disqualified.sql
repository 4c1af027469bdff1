-- From a label of that stage to the next label of another, of all members of a lead in one order.
with labels as (
    select
        merged.lead_key,
        records.id_space,
        entries.stage,
        entries.effective_at,
        min(case when entries.stage <> 'disqualified' then entries.effective_at end) over (
            partition by merged.lead_key
            order by entries.effective_at, entries.entered_at, entries.entry_key
            rows between 1 following and unbounded following
        ) as next_at
    from {{ ref('int_stage_entries__unioned') }} as entries
    inner join {{ ref('int_records__merged') }} as merged on entries.record_key = merged.record_key
    inner join {{ ref('int_records__current') }} as records on entries.record_key = records.record_key
    where entries.basis_group = 'crm_label' and not entries.is_superseded
)

select
    lead_key,
    id_space,
    effective_at as disqualified_at,
    coalesce(next_at, {{ end_of_time() }}) as ended_at
from labels
where stage = 'disqualified'
