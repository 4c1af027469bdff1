select
    lead_key,
    min_by(team_id, work_no) as team_id,
    min_by(staff_id, work_no) as staff_id,
    min_by(contact_channel, work_no) as contact_channel,
    count(case when kind = 'contact_attempt' then 1 end) as attempt_count,
    min(occurred_at) as first_attempted_at,
    min(case when is_contact then occurred_at end) as first_contacted_at,
    max(occurred_at) as last_attempted_at
from (
    select
        contacts.*,
        row_number() over (partition by lead_key order by occurred_at, source, event_id) as work_no
    from {{ ref('int_contacts__made') }} as contacts
) as numbered
group by lead_key
