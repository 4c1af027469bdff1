{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- Each lead's four steps with everything but as_of: whoever has left the rates is not here.
with counted as (
    select staged.*, leads.landing_page
    from {{ ref('int_leads__staged') }} as staged
    inner join {{ ref('int_leads__current') }} as leads on staged.lead_key = leads.lead_key
    where not leads.is_deleted and leads.excluded_by is null and {{ touched_only('leads.lead_key') }}
),

steps as (
    select
        lead_key,
        landing_page,
        disqualified_at,
        'lead_to_mql' as step,
        'lead' as from_stage,
        'mql' as to_stage,
        became_mql_at as converted_at,
        least(became_sql_at, became_opportunity_at, appointment_booked_at, consult_held_at) as later_at
    from counted
    union all
    select
        lead_key,
        landing_page,
        disqualified_at,
        'mql_to_sql' as step,
        'mql' as from_stage,
        'sql' as to_stage,
        became_sql_at as converted_at,
        least(became_opportunity_at, appointment_booked_at, consult_held_at) as later_at
    from counted
    union all
    select
        lead_key,
        landing_page,
        disqualified_at,
        'sql_to_appointment' as step,
        'sql' as from_stage,
        'appointment' as to_stage,
        appointment_booked_at as converted_at,
        consult_held_at as later_at
    from counted
    union all
    select
        lead_key,
        landing_page,
        disqualified_at,
        'appointment_to_consult' as step,
        'appointment' as from_stage,
        'consult' as to_stage,
        consult_held_at as converted_at,
        cast(null as timestamp) as later_at
    from counted
)

select
    steps.lead_key,
    steps.step,
    {{ dimension('entries.service_line') }} as service_line,
    {{ dimension('entries.channel') }} as channel,
    {{ dimension('entries.platform') }} as platform,
    {{ dimension('entries.campaign_id') }} as campaign_id,
    {{ dimension('steps.landing_page') }} as landing_page,
    {{ dimension('entries.location_id') }} as location_id,
    {{ dimension('worked.team_id') }} as team_id,
    entries.local_date as cohort_date,
    entries.became_at as entered_at,
    steps.converted_at,
    steps.later_at,
    -- Whoever converted was never out, whatever is said of them since.
    case when steps.converted_at is null then least(steps.disqualified_at, steps.later_at) end as left_at,
    case when entries.became_at < authorities.observed_from then authorities.observed_from end as observed_from
from steps
inner join {{ ref('int_leads__dimensioned') }} as entries
    on steps.lead_key = entries.lead_key and steps.from_stage = entries.stage
left join {{ ref('int_stage_authorities__set') }} as authorities
    on entries.id_space = authorities.id_space and steps.to_stage = authorities.stage
left join {{ ref('int_leads__worked') }} as worked on steps.lead_key = worked.lead_key
