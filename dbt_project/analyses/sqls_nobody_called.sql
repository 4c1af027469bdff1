-- Whom did nobody call though they are SQL? By the criteria a lead may become SQL before anybody is told to call: past MQL
-- there is no handoff, so no promise and no place in a queue. Who may not be contacted at all comes last, else the newest
-- first; of sources that tell of no work by staff nothing is known.
select
    staged.lead_id,
    staged.source,
    staged.service_line,
    staged.location_id,
    staged.team_id,
    staged.sql_basis,
    staged.became_mql_at is not null as is_mql,
    leads.is_contactable,
    staged.became_sql_at
from {{ ref('fct_lead_lifecycles') }} as staged
inner join {{ ref('dim_leads') }} as leads on staged.lead_key = leads.lead_key
where
    staged.current_stage = 'sql'
    and staged.first_contacted_at is null
    and staged.appointment_booked_at is null
    and not staged.is_deleted
    and staged.excluded_by is null
    and staged.source in (select attempts.source from {{ ref('fct_contact_attempts') }} as attempts)
order by
    case when leads.is_contactable = 'no' then 1 else 0 end, staged.became_sql_at desc, staged.source, staged.lead_id
