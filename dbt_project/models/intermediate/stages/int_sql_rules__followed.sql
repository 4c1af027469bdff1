-- What the SQL rules did to leads that count in rates, and what the funnel says came of these. Of merged records those
-- held back count together; an SQL came by the record that entered it.
with leads as (
    select
        leads.lead_key,
        steps.entered_at as became_sql_at,
        steps.converted_at as scheduled_at,
        steps.later_at as consult_held_at,
        steps.observed_from
    from {{ ref('int_leads__current') }} as leads
    left join {{ ref('int_funnel_steps__entered') }} as steps
        on leads.lead_key = steps.lead_key and steps.step = 'sql_to_appointment'
    where not leads.is_deleted and leads.excluded_by is null
),

held as (
    select
        leads.lead_key,
        held.criteria_version,
        held.rule_id,
        max(case when not held.is_failing then held.held_until end) as unknown_until,
        max(case when held.is_failing then held.held_until end) as failing_until,
        min(case when not held.is_failing then held.held_from end) as waited_from,
        min(held.value_known_at) as value_known_at,
        max(held.left_at) as left_at
    from {{ ref('int_eligibility_rules__held') }} as held
    inner join {{ ref('int_records__merged') }} as merged on held.record_key = merged.record_key
    inner join leads on merged.lead_key = leads.lead_key
    where leads.became_sql_at is null or held.held_from < leads.became_sql_at
    group by leads.lead_key, held.criteria_version, held.rule_id
),

standing as (
    select distinct
        entered.lead_key,
        decided.criteria_version,
        decided.rule_id,
        decided.basis,
        min(decided.rule_id) over (partition by entered.lead_key)
        = max(decided.rule_id) over (partition by entered.lead_key) as is_alone
    from {{ ref('int_leads__entered') }} as entered
    inner join {{ ref('int_sql_stage__decided') }} as decided on entered.record_key = decided.record_key
    where entered.stage = 'sql' and entered.basis <> 'crm_label'
),

rules as (
    select
        lead_key, criteria_version, 'eligibility' as section, rule_id, '(none)' as basis, true as is_alone,
        unknown_until, failing_until, waited_from, value_known_at, left_at
    from held
    union all
    select lead_key, criteria_version, 'readiness', rule_id, basis, is_alone, null, null, null, null, null
    from standing
)

select
    rules.lead_key,
    rules.criteria_version,
    rules.section,
    rules.rule_id,
    rules.basis,
    rules.is_alone,
    rules.unknown_until,
    rules.failing_until,
    rules.waited_from,
    rules.value_known_at,
    rules.left_at,
    leads.became_sql_at,
    leads.scheduled_at,
    leads.consult_held_at,
    leads.observed_from
from rules
inner join leads on rules.lead_key = leads.lead_key
