{% set urgency = "case conflicts.kind when 'missed' then 0 when 'labelled_without_evidence' then 1 else 2 end" %}

-- First those still on the way, last those who have an appointment and lack only a record. Of these SQL before MQL, a person
-- nobody calls though the criteria say so before labels nothing speaks for, and the latest first: there is still something
-- to be done. That somebody set a label who may not is settled together with what else stands against it.
with attended as (
    select lead_key, case when max(case when status = 'held' then 1 else 0 end) = 1 then 'Consult held' else 'Appointment booked' end as reached
    from {{ ref('fct_appointments') }}
    where status in ('booked', 'held')
    group by lead_key
),

screened as (
    select distinct merged.lead_key
    from {{ ref('int_screenings__spanned') }} as screenings
    inner join {{ ref('int_records__merged') }} as merged on screenings.record_key = merged.record_key
    where screenings.outcome = 'qualified' and screenings.valid_to = {{ end_of_time() }}
),

held_back as (
    select merged.lead_key, min(held.rule_id) as rule_id, min_by(held.is_failing, held.rule_id) as is_failing
    from {{ ref('int_eligibility_rules__held') }} as held
    inner join {{ ref('int_records__merged') }} as merged on held.record_key = merged.record_key
    where held.held_until = {{ end_of_time() }}
    group by merged.lead_key
),

opened as (
    select
        conflicts.*,
        attended.reached,
        screened.lead_key is not null as is_screened,
        held_back.rule_id,
        held_back.is_failing,
        {{ urgency }} as urgency,
        max(case when conflicts.kind = 'unauthorised_role' then 1 else 0 end) over (partition by conflicts.lead_key, conflicts.stage) = 1
            as is_unauthorised_role,
        case conflicts.kind when 'missed' then compared.missed_at else compared.label_effective_at end as since
    from {{ ref('fct_stage_label_conflicts') }} as conflicts
    inner join {{ ref('int_stage_labels__compared') }} as compared
        on conflicts.lead_key = compared.lead_key and conflicts.stage = compared.stage
    left join attended on conflicts.lead_key = attended.lead_key
    left join screened on conflicts.lead_key = screened.lead_key
    left join held_back on conflicts.lead_key = held_back.lead_key
    where conflicts.is_open
    qualify row_number() over (partition by conflicts.lead_key, conflicts.stage order by {{ urgency }}) = 1
),

-- What an SQL label still lacks: what a rule of eligibility waits for, and a screening that counts.
lacking as (
    select
        opened.*,
        case when is_failing then 'see to rule ' || rule_id || ', which says no' else 'record what rule ' || rule_id || ' waits for' end
            as rule_part,
        case
            when is_unauthorised_role and reached is not null then 'have a role the criteria name confirm the screening'
            when is_unauthorised_role then 'have a role the criteria name screen the lead'
            when is_screened and rule_id is null then 'see who screened and what eligibility asks for'
            when is_screened then null
            when reached is not null then 'record the screening'
            else 'screen the lead and record the outcome'
        end as screening_part
    from opened
)

select
    row_number() over (
        order by case when reached is null then 0 else 1 end, case stage when 'sql' then 0 else 1 end, urgency, since desc, lead_key
    ) as place,
    {{ ['lead_key', 'lead_id', 'source', 'stage', 'kind', 'service_line', 'channel', 'team_id', 'staff_id', 'role'] | join(',\n    ') }},
    case
        when kind = 'missed' and reached is not null then reached || ': set the label in the CRM to where the lead stands.'
        when kind = 'missed' and stage = 'sql'
            then 'The criteria say SQL: set the label in the CRM, or record the screening that says otherwise.'
        when kind = 'missed' and staff_id <> '(none)'
            then 'Intake works the lead already: set the label in the CRM to where the lead stands.'
        when kind = 'missed' then 'The criteria say MQL: set the label in the CRM and hand the lead to intake.'
        when stage = 'mql' and reached is not null then reached || ': leave the label, and record what brought the lead.'
        when stage = 'mql' then 'Nothing speaks for MQL yet: record what made it one, or set the label back to lead.'
        else
            case
                when reached is not null then reached || ': leave the label, and '
                when is_screened then 'Screened, yet no SQL by the criteria: '
                when is_mere_interest then 'Interest only so far: '
                else 'Nothing speaks for SQL yet: '
            end
            || coalesce(rule_part || ', ' || screening_part, rule_part, screening_part)
            || case when reached is not null then '.' else ', or set the label back.' end
    end as to_do,
    is_mere_interest,
    is_unauthorised_role,
    labelled_at,
    decided_at,
    since
from lacking
