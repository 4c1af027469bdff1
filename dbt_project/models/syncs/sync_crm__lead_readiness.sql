{% set reasons = "nullif(concat_ws('; ', score.reasons, 'routed: ' || route.reasons), '')" %}
{% set waits -%}
lead.became_sql_at is null and lead.disqualified_at is null and lead.excluded_by is null and not lead.is_deleted
{%- endset %}

-- Exactly what may leave: a row for each lead that is or was MQL or SQL, on its survivor's record. Who waits no longer
-- stands in no queue; the team stays told. A control lead leaves without its score. A CRM's text field holds 255
-- characters: where both do not fit, why it is routed so stays behind.
select
    lead.lead_key,
    known.id_space as source,
    lead.lead_id,
    lead.current_stage as handoff_stage,
    score.band as handoff_band,
    substr(case when length({{ reasons }}) > 255 and score.reasons is not null then score.reasons else {{ reasons }} end, 1, 255)
        as handoff_reasons,
    nullif(nullif(route.team_id, '(none)'), '(unknown)') as handoff_team_id,
    nullif(nullif(route.staff_id, '(none)'), '(unknown)') as handoff_staff_id,
    case when {{ waits }} then route.queue end as handoff_queue,
    nullif(concat_ws(
        '; ',
        'mql criteria ' || lead.mql_criteria_version,
        'sql criteria ' || lead.sql_criteria_version,
        'model ' || score.model_version
    ), '') as handoff_versions,
    cast(lead.fit_points as decimal(18, 6)) as handoff_fit_points,
    cast(lead.behaviour_points as decimal(18, 6)) as handoff_behaviour_points,
    score.readiness as handoff_readiness,
    case when {{ waits }} then route.priority end as handoff_priority,
    lead.became_mql_at as handoff_mql_at,
    handoff.sla_due_at as handoff_sla_due_at
from {{ ref('fct_lead_lifecycles') }} as lead
inner join {{ ref('dim_leads') }} as known on lead.lead_key = known.lead_key
left join {{ ref('fct_lead_scores') }} as score on lead.lead_key = score.lead_key and score.is_current and not score.is_control
left join {{ ref('fct_lead_routes') }} as route on lead.lead_key = route.lead_key and route.is_current
left join {{ ref('fct_handoffs') }} as handoff on lead.lead_key = handoff.lead_key
where lead.became_mql_at is not null or lead.became_sql_at is not null
