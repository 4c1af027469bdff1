-- A disagreement is open while the CRM's last label and the criteria still say otherwise, of a lead that is still worked. A
-- lead that is SQL by the criteria is past the question whether it was an MQL.
with conflicts as (
    select
        compared.*,
        compared.verdict as kind,
        compared.criteria_version as judging_version,
        coalesce(weighed.is_mere_interest, false) as is_mere_interest
    from {{ ref('int_stage_labels__compared') }} as compared
    left join {{ ref('int_sql_labels__weighed') }} as weighed
        on compared.lead_key = weighed.lead_key and compared.stage = weighed.stage
    where compared.verdict <> 'agreed' and {{ label_is_owed_by_now('compared') }}
    union all
    select
        compared.*,
        'unauthorised_role' as kind,
        weighed.criteria_version as judging_version,
        weighed.is_mere_interest
    from {{ ref('int_stage_labels__compared') }} as compared
    inner join {{ ref('int_sql_labels__weighed') }} as weighed
        on compared.lead_key = weighed.lead_key and compared.stage = weighed.stage
    where weighed.is_unauthorised
),

last_labels as (
    select lead_key, coalesce(stage_rank, -1) as stage_rank
    from {{ ref('int_stage_entries__ordered') }}
    where basis_group = 'crm_label'
    qualify row_number() over (
        partition by lead_key order by entered_at desc, coalesce(stage_rank, 9) desc, known_at desc, record_key desc, entry_key desc
    ) = 1
)

select
    conflicts.lead_key,
    conflicts.lead_id,
    conflicts.source,
    conflicts.stage,
    conflicts.kind,
    conflicts.judging_version as criteria_version,
    {{ dimension('conflicts.service_line') }} as service_line,
    {{ dimension('conflicts.channel') }} as channel,
    {{ dimension('conflicts.staff_id') }} as staff_id,
    {{ dimension('conflicts.team_id') }} as team_id,
    {{ dimension('conflicts.labeller_role') }} as role,
    conflicts.excluded_by,
    conflicts.is_deleted,
    conflicts.is_mere_interest,
    conflicts.excluded_by is null
    and not conflicts.is_deleted
    and staged.disqualified_at is null
    and not (conflicts.stage = 'mql' and coalesce(staged.sql_basis, 'crm_label') <> 'crm_label')
    and coalesce(case conflicts.kind
        when 'missed' then coalesce(last_labels.stage_rank, 0) between 0 and {{ stage_rank('conflicts.stage') }} - 1
        when 'labelled_without_evidence'
            then last_labels.stage_rank >= {{ stage_rank('conflicts.stage') }}
        when 'unauthorised_role'
            then last_labels.stage_rank >= {{ stage_rank('conflicts.stage') }} and conflicts.decided_at is null
    end, false) as is_open,
    {{ monday_of('least(conflicts.labelled_at, conflicts.decided_at)') }} as week_date,
    conflicts.labelled_at,
    conflicts.decided_at
from conflicts
inner join {{ ref('int_leads__staged') }} as staged on conflicts.lead_key = staged.lead_key
left join last_labels on conflicts.lead_key = last_labels.lead_key
