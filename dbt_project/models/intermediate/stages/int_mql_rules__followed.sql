{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- The rules that made leads MQL by the criteria, of leads that count in rates, and what the funnel says came of these. Of
-- merged records the one that entered MQL first speaks.
select
    entered.lead_key,
    entered.criteria_version,
    case when evidence.source_kind = 'touch' then 'behaviour' else 'fit' end as section,
    evidence.rule_id,
    steps.service_line,
    cast(count(*) as integer) as row_count,
    steps.entered_at as became_mql_at,
    steps.converted_at as became_sql_at,
    steps.observed_from
from {{ ref('int_leads__entered') }} as entered
inner join {{ ref('int_qualification_evidence__collected') }} as evidence
    on
        entered.record_key = evidence.record_key
        and entered.stage = evidence.stage
        and entered.became_at = evidence.decided_at
inner join {{ ref('int_funnel_steps__entered') }} as steps
    on entered.lead_key = steps.lead_key and steps.step = 'mql_to_sql'
where entered.stage = 'mql' and entered.basis <> 'crm_label' and {{ touched_only('entered.record_key') }}
group by
    entered.lead_key, entered.criteria_version, evidence.source_kind, evidence.rule_id, steps.service_line,
    steps.entered_at, steps.converted_at, steps.observed_from
