with recycled as (
    select
        lead_key,
        max(greatest(entered_at, known_at)) as recycled_at
    from {{ ref('int_stage_entries__judged') }}
    where stage = 'recycled' and not is_superseded
    group by lead_key
)

-- Contact in time is met, whatever came between; without it, what ended the duty before due is no breach.
select
    timed.lead_key,
    timed.record_key,
    case
        when not coalesce(observed.has_work_events, false) then 'not_observed'
        when timed.sla_business_minutes is null then 'not_set'
        when timed.first_contacted_at <= timed.sla_due_at then 'met'
        when censored.censored_at < timed.sla_due_at then 'censored'
        when timed.sla_due_at < {{ as_of() }} then 'breached'
        else 'open'
    end as status,
    case
        when staged.disqualified_at is not null then 'returned'
        when recycled.recycled_at >= timed.handed_off_at and recycled.recycled_at > coalesce(staged.became_sql_at, timed.handed_off_at)
            then 'recycled'
        when staged.became_sql_at is not null then 'accepted'
        else 'open'
    end as candidate_status,
    censored.censored_by,
    {{ dimension('timed.service_line') }} as service_line,
    {{ dimension('timed.location_id') }} as location_id,
    {{ dimension('routes.team_id') }} as team_id,
    {{ dimension('routes.staff_id') }} as staff_id,
    {{ dimension('worked.team_id') }} as working_team_id,
    {{ dimension('coalesce(worked.team_id, only_teams.team_id)') }} as answering_team_id,
    timed.criteria_version,
    leads.excluded_by,
    leads.is_deleted,
    timed.sla_business_minutes,
    timed.business_minutes_to_contact,
    timed.handed_off_at,
    timed.sla_due_at,
    timed.first_attempted_at,
    timed.first_contacted_at
from {{ ref('int_handoffs__timed') }} as timed
inner join {{ ref('int_leads__current') }} as leads on timed.lead_key = leads.lead_key
inner join {{ ref('int_leads__staged') }} as staged on timed.lead_key = staged.lead_key
left join {{ ref('int_handoffs__censored') }} as censored on timed.lead_key = censored.lead_key
left join recycled on timed.lead_key = recycled.lead_key
left join {{ ref('fct_lead_routes') }} as routes on timed.lead_key = routes.lead_key and routes.is_current
left join {{ ref('int_sources__observed') }} as observed on timed.id_space = observed.id_space
left join {{ ref('int_leads__worked') }} as worked on timed.lead_key = worked.lead_key
left join {{ only_teams() }} as only_teams
    on
        {{ dimension('timed.service_line') }} = only_teams.service_line
        and {{ dimension('timed.location_id') }} = only_teams.location_id
