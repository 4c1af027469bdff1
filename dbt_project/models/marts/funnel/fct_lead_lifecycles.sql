-- Score and route are those the lead shows: of the record that became MQL first, as known at as_of.
with points as (
    select
        entries.entry_key,
        decisions.fit_micro_points,
        decisions.behaviour_micro_points
    from {{ ref('int_leads__entered') }} as entries
    inner join {{ ref('int_qualification_decisions__made') }} as decisions
        on
            entries.record_key = decisions.record_key
            and entries.stage = decisions.stage
            and entries.entered_at = decisions.decided_at
            and decisions.qualifies
    where entries.stage = 'mql' and entries.basis = 'criteria'
)

select
    leads.lead_key,
    leads.lead_id,
    leads.source,
    staged.current_stage,
    {{ dimension('leads.service_line') }} as service_line,
    {{ dimension('leads.location_id') }} as location_id,
    {{ dimension('leads.channel') }} as channel,
    {{ dimension('leads.platform') }} as platform,
    {{ dimension('leads.campaign_id') }} as campaign_id,
    {{ dimension('leads.landing_page') }} as landing_page,
    staged.mql_criteria_version,
    staged.sql_criteria_version,
    staged.sql_basis,
    {{ dimension('routes.team_id') }} as team_id,
    leads.excluded_by,
    leads.is_deleted,
    {{ units_of_micros('points.fit_micro_points') }} as fit_points,
    {{ units_of_micros('points.behaviour_micro_points') }} as behaviour_points,
    scores.readiness,
    staged.became_lead_at,
    staged.became_mql_at,
    staged.became_sql_at,
    staged.became_opportunity_at,
    staged.appointment_booked_at,
    staged.consult_held_at,
    staged.disqualified_at,
    worked.first_contacted_at
from {{ ref('int_leads__current') }} as leads
inner join {{ ref('int_leads__staged') }} as staged on leads.lead_key = staged.lead_key
left join {{ ref('int_leads__worked') }} as worked on leads.lead_key = worked.lead_key
left join points on staged.mql_entry_key = points.entry_key
left join {{ ref('fct_lead_scores') }} as scores on leads.lead_key = scores.lead_key and scores.is_current
left join {{ ref('fct_lead_routes') }} as routes on leads.lead_key = routes.lead_key and routes.is_current
