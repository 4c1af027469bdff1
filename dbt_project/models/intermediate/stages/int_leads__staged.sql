{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- The furthest stage by governing entries, and the disqualification that still stands.
with moments as (
    select
        lead_key,
        max({{ stage_rank('stage') }}) as furthest_rank,
        min(case when stage = 'mql' then became_at end) as became_mql_at,
        min(case when stage = 'sql' then became_at end) as became_sql_at,
        min(case when stage = 'opportunity' then became_at end) as became_opportunity_at,
        min(case when stage = 'appointment' then became_at end) as appointment_booked_at,
        min(case when stage = 'consult' then became_at end) as consult_held_at,
        min(case when stage = 'mql' then record_key end) as mql_record_key,
        min(case when stage = 'mql' then criteria_version end) as mql_criteria_version,
        min(case when stage = 'mql' then entry_key end) as mql_entry_key,
        min(case when stage = 'sql' then criteria_version end) as sql_criteria_version,
        min(case when stage = 'sql' then basis end) as sql_basis
    from {{ ref('int_leads__entered') }}
    where {{ touched_only('lead_key') }}
    group by lead_key
),

standing as (
    select
        lead_key,
        max(disqualified_at) as disqualified_at
    from {{ ref('int_leads__disqualified') }}
    where ended_at = {{ end_of_time() }}
    group by lead_key
)

select
    leads.lead_key,
    case
        when standing.disqualified_at is not null then 'disqualified'
        else {{ stage_of_rank('coalesce(moments.furthest_rank, 0)') }}
    end as current_stage,
    moments.mql_record_key,
    moments.mql_entry_key,
    moments.mql_criteria_version,
    moments.sql_criteria_version,
    moments.sql_basis,
    leads.effective_at as became_lead_at,
    moments.became_mql_at,
    moments.became_sql_at,
    moments.became_opportunity_at,
    moments.appointment_booked_at,
    moments.consult_held_at,
    standing.disqualified_at
from {{ ref('int_leads__current') }} as leads
left join moments on leads.lead_key = moments.lead_key
left join standing on leads.lead_key = standing.lead_key
where {{ touched_only('leads.lead_key') }}
