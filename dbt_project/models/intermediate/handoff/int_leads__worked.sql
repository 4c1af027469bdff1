{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- Whose the lead is says the first event that names a member of staff, else a team: an automatic text in between or before
-- is nobody's. Attempts before the handoff were for something else; without a handoff all count.
select
    lead_key,
    min(case when staff_no = 1 then team_id end) as team_id,
    min(case when staff_no = 1 then staff_id end) as staff_id,
    min(case when staff_no = 1 and staff_id is not null then staff_source end) as staff_source,
    min(case when work_no = 1 then contact_channel end) as contact_channel,
    count(case when kind = 'contact_attempt' and is_since_handoff then 1 end) as attempt_count,
    min(occurred_at) as first_attempted_at,
    min(case when staff_no = 1 and staff_id is not null then occurred_at end) as taken_up_at,
    min(case when is_contact then occurred_at end) as first_contacted_at,
    max(occurred_at) as last_attempted_at
from (
    select
        contacts.*,
        coalesce(contacts.occurred_at >= handoffs.handed_off_at, true) as is_since_handoff,
        row_number() over (
            partition by contacts.lead_key order by contacts.occurred_at, contacts.source, contacts.event_id
        ) as work_no,
        row_number() over (
            partition by contacts.lead_key
            order by
                case when contacts.staff_id is not null then 0 when contacts.team_id is not null then 1 else 2 end,
                contacts.occurred_at,
                contacts.source,
                contacts.event_id
        ) as staff_no
    from {{ ref('int_contacts__made') }} as contacts
    left join {{ ref('int_handoffs__started') }} as handoffs on contacts.lead_key = handoffs.lead_key
    where {{ touched_only('contacts.lead_key') }}
) as numbered
group by lead_key
