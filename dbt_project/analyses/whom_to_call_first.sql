-- Whom does intake call first? Those who wait for a first contact and may be called, the most overdue first.
select
    lead_id,
    source,
    service_line,
    team_id,
    age_band,
    is_overdue,
    attempt_count,
    round(business_minutes_to_due) as business_minutes_to_due,
    sla_due_at
from {{ ref('fct_ageing_queue') }}
where is_contactable = 'yes'
order by business_minutes_to_due nulls last, handed_off_at, lead_key
limit 50
