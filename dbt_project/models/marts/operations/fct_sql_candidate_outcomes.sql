{#
  One horizon for all that may follow, the longest of the funnel: an appointment is held weeks after it is booked.
#}
{% set horizon_days = var('horizons') | max %}
{% set key = ['dimension', 'dimension_value'] %}
{% set dimensions = {'channel': 'channel', 'team': 'team_id', 'basis': 'basis', 'service_line': 'service_line'} %}
{% set outcomes = ['contacted', 'progressed', 'scheduled', 'due', 'kept', 'held', 'no_show', 'cancelled'] %}
{% set observed = {'held': ' and is_consult_observed', 'scheduled': ' and is_booking_observed'} %}
{% set entered = "steps.entered_at" %}

with appointments as (
    select
        lead_key,
        min(held_at) as held_at,
        min(no_show_at) as no_show_at,
        min(cancelled_at) as cancelled_at
    from {{ ref('fct_appointments') }}
    group by lead_key
),

-- Where neither appointments are recorded nor the CRM's label says who booked or came, nobody tells of it.
recorded as (
    select distinct leads.id_space
    from {{ ref('fct_appointments') }} as booked
    inner join {{ ref('dim_leads') }} as leads on booked.lead_key = leads.lead_key
),

candidates as (
    select
        steps.channel,
        {{ dimension('coalesce(worked.team_id, only_teams.team_id)') }} as team_id,
        {{ dimension('staged.sql_basis') }} as basis,
        steps.service_line,
        steps.observed_from is null and {{ horizon_end(entered, horizon_days) }} <= {{ as_of() }} as is_at_risk,
        coalesce(observed.has_work_events, false) as is_observed,
        coalesce(authorities.basis_group = 'crm_label' or recorded.id_space is not null, false)
        and coalesce({{ entered }} >= authorities.observed_from, true) as is_consult_observed,
        coalesce(bookings.basis_group = 'crm_label' or recorded.id_space is not null, false) as is_booking_observed,
        worked.first_contacted_at <= {{ horizon_end(entered, horizon_days) }} as is_contacted,
        least(staged.became_opportunity_at, staged.appointment_booked_at, staged.consult_held_at)
        <= {{ horizon_end(entered, horizon_days) }} as is_progressed,
        steps.converted_at <= {{ horizon_end(entered, horizon_days) }} as is_scheduled,
        least(appointments.held_at, appointments.no_show_at) <= {{ horizon_end(entered, horizon_days) }} as is_due,
        appointments.held_at <= {{ horizon_end(entered, horizon_days) }} as is_kept,
        least(appointments.held_at, staged.consult_held_at) <= {{ horizon_end(entered, horizon_days) }} as is_held,
        appointments.no_show_at <= {{ horizon_end(entered, horizon_days) }} as is_no_show,
        appointments.cancelled_at <= {{ horizon_end(entered, horizon_days) }} as is_cancelled,
        {{ unreachable('worked', 'leads') }} as is_unreachable
    from {{ ref('int_funnel_steps__entered') }} as steps
    inner join {{ ref('int_leads__staged') }} as staged on steps.lead_key = staged.lead_key
    inner join {{ ref('dim_leads') }} as leads on steps.lead_key = leads.lead_key
    left join {{ ref('int_leads__worked') }} as worked on steps.lead_key = worked.lead_key
    left join {{ only_teams() }} as only_teams
        on steps.service_line = only_teams.service_line and steps.location_id = only_teams.location_id
    left join appointments on steps.lead_key = appointments.lead_key
    left join {{ ref('int_sources__observed') }} as observed on leads.id_space = observed.id_space
    left join recorded on leads.id_space = recorded.id_space
    left join {{ ref('int_stage_authorities__set') }} as authorities
        on leads.id_space = authorities.id_space and authorities.stage = 'consult'
    left join {{ ref('int_stage_authorities__set') }} as bookings
        on leads.id_space = bookings.id_space and bookings.stage = 'appointment'
    where steps.step = 'sql_to_appointment'
),

counted as (
    select
        {{ key | join(', ') }},
        count(*) as sql_count,
        count(case when is_at_risk then 1 end) as at_risk_count,
        count(case when is_at_risk and is_observed then 1 end) as observed_count,
        count(case when is_at_risk and is_consult_observed then 1 end) as consult_observed_count,
        count(case when is_at_risk and is_booking_observed then 1 end) as booking_observed_count,
        {% for outcome in outcomes %}
        count(case when is_at_risk and is_{{ outcome }}{{ observed.get(outcome, '') }} then 1 end) as {{ outcome }}_count,
        {% endfor %}
        count(case when is_at_risk and is_observed and is_unreachable then 1 end) as unreachable_count
    from {{ marginal_views('candidates', dimensions) }} as viewed
    group by {{ key | join(', ') }}
)

select
    {{ key | join(', ') }},
    cast({{ horizon_days }} as integer) as horizon_days,
    sql_count,
    at_risk_count,
    at_risk_count - observed_count as not_observed_count,
    consult_observed_count,
    booking_observed_count,
    {% for outcome in outcomes %}
    {{ outcome }}_count,
    {% endfor %}
    unreachable_count,
    {{ rate_columns('contacted_rate', 'contacted_count', 'observed_count') }},
    {{ rate_columns('progressed_rate', 'progressed_count', 'at_risk_count') }},
    {{ rate_columns('scheduled_rate', 'scheduled_count', 'booking_observed_count') }},
    {{ rate_columns('held_rate', 'held_count', 'consult_observed_count') }},
    {{ rate_columns('kept_rate', 'kept_count', 'due_count') }},
    {{ rate_columns('no_show_rate', 'no_show_count', 'due_count') }}
from counted
