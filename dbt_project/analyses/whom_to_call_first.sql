-- Whom does each team call first? Fresh before forgotten, who can still be called in time before who cannot, and of those
-- too late already in the order routing gave them.
select
    team_id,
    place,
    lead_id,
    source,
    service_line,
    age_band,
    is_overdue,
    priority,
    attempt_count,
    round(business_minutes_to_due) as business_minutes_to_due,
    sla_due_at
from {{ ref('fct_ageing_queue') }}
where place <= 10
order by team_id, place
