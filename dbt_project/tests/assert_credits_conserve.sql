-- In every model each counted lead gives out exactly one credit, and its stages no more; each SQL has one basis.
with counted as (
    select
        count(*) as lead_count,
        count(became_mql_at) as mql_count,
        count(became_sql_at) as sql_count,
        count(appointment_booked_at) as appointment_count,
        count(consult_held_at) as consult_count
    from {{ ref('fct_lead_lifecycles') }}
    where not is_deleted and excluded_by is null
),

credited as (
    select
        models.attribution_model,
        coalesce(sum(performance.lead_credits), 0) as lead_credits,
        coalesce(sum(performance.mql_credits), 0) as mql_credits,
        coalesce(sum(performance.sql_credits), 0) as sql_credits,
        coalesce(sum(
            performance.sql_criteria_credits + performance.sql_staff_confirmed_credits + performance.sql_self_scheduled_credits
            + performance.sql_crm_label_credits
        ), 0) as based_credits,
        coalesce(sum(performance.appointment_credits), 0) as appointment_credits,
        coalesce(sum(performance.consult_credits), 0) as consult_credits
    from (
        select 'first' as attribution_model
        union all
        select 'last' as attribution_model
        union all
        select 'linear' as attribution_model
        union all
        select 'position' as attribution_model
    ) as models
    left join {{ ref('fct_channel_performance') }} as performance on models.attribution_model = performance.attribution_model
    group by models.attribution_model
)

select credited.*
from credited
cross join counted
where
    credited.lead_credits <> counted.lead_count
    or credited.mql_credits <> counted.mql_count
    or credited.sql_credits <> counted.sql_count
    or credited.based_credits <> counted.sql_count
    or credited.appointment_credits <> counted.appointment_count
    or credited.consult_credits <> counted.consult_count
