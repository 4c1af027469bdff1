-- First SQL, then MQL; of each, a person nobody calls though the criteria say so, then labels nothing speaks for, then labels
-- by somebody who may not set them. Of a kind the latest comes first: there is still something to be done.
with screened as (
    select distinct merged.lead_key
    from {{ ref('int_screenings__spanned') }} as screenings
    inner join {{ ref('int_records__merged') }} as merged on screenings.record_key = merged.record_key
    where screenings.outcome = 'qualified' and screenings.valid_to = {{ end_of_time() }}
),

opened as (
    select
        conflicts.*,
        screened.lead_key is not null as is_screened,
        case conflicts.kind
            when 'missed' then compared.missed_at
            else compared.label_effective_at
        end as since
    from {{ ref('fct_stage_label_conflicts') }} as conflicts
    inner join {{ ref('int_stage_labels__compared') }} as compared
        on conflicts.lead_key = compared.lead_key and conflicts.stage = compared.stage
    left join screened on conflicts.lead_key = screened.lead_key
    where conflicts.is_open
)

select
    row_number() over (
        order by
            case stage when 'sql' then 0 else 1 end,
            case kind when 'missed' then 0 when 'labelled_without_evidence' then 1 else 2 end,
            since desc,
            lead_key
    ) as place,
    lead_key,
    lead_id,
    source,
    stage,
    kind,
    service_line,
    channel,
    team_id,
    staff_id,
    case
        when kind = 'missed' and stage = 'sql'
            then 'The criteria say SQL: set the label in the CRM, or record the screening that says otherwise.'
        when kind = 'missed'
            then 'The criteria say MQL: set the label in the CRM and hand the lead to intake.'
        when kind = 'unauthorised_role'
            then 'Have a role the criteria name screen the lead and confirm the label, or set it back.'
        when stage = 'sql' and is_screened
            then 'Screened as qualified, yet no SQL by the criteria: see who screened and what eligibility still asks for, or set the label back.'
        when is_mere_interest
            then 'So far this is interest only: screen the lead and record the outcome, or set the label back to MQL.'
        when stage = 'sql'
            then 'Nothing speaks for SQL yet: screen the lead and record the outcome, or set the label back.'
        else 'Nothing speaks for MQL yet: record what made it one, or set the label back to lead.'
    end as to_do,
    is_mere_interest,
    labelled_at,
    decided_at,
    since
from opened
