{% set key = ['dimension', 'dimension_value', 'cohort_month', 'step'] %}
{% set bases = ['criteria', 'staff_confirmed', 'self_scheduled', 'crm_label'] %}
{% set is_of_sql = "step in ('mql_to_sql', 'lead_to_sql', 'sql_to_appointment')" %}

with entered as (
    select
        steps.*,
        substr(cast(cohort_date as varchar), 1, 7) as cohort_month,
        {{ full_days('entered_at', as_of()) }} as followed_days,
        {{ conversion_horizon('step', "''") }} as usual_days,
        {{ conversion_horizon('step', 'service_line') }} as line_days,
        versions.criteria_version is not null as is_by_new_version
    from {{ conversion_steps() }} as steps
    left join {{ ref('input__criteria_versions') }} as versions
        on steps.deciding_version = versions.criteria_version and steps.decided_at = versions.effective_from
),

counted as (
    select
        seen.*,
        {{ conversion_horizon('step', "case when dimension = 'service_line' then dimension_value else '' end") }} as horizon_days,
        case when dimension = 'service_line' then line_at_risk_count else usual_at_risk_count end as at_risk_count
    from {{ seen_by_dimension('entered', ['step'], {
        'entered_count': 'count(*)',
        'usual_at_risk_count': 'count(case when followed_days >= usual_days then 1 end)',
        'line_at_risk_count': 'count(case when followed_days >= line_days then 1 end)',
        'truncated_count': 'count(observed_from)',
        'converted_count': 'count(converted_at)',
        'by_new_version_count': 'count(case when is_by_new_version then 1 end)',
        'sql_criteria_count': "count(case when sql_basis = 'criteria' then 1 end)",
        'sql_staff_confirmed_count': "count(case when sql_basis = 'staff_confirmed' then 1 end)",
        'sql_self_scheduled_count': "count(case when sql_basis = 'self_scheduled' then 1 end)",
        'sql_crm_label_count': "count(case when sql_basis = 'crm_label' then 1 end)",
    }) }} as seen
),

-- Whatever could decide these leads, and what of it is new: a rate moves with the criteria as well.
reached as (
    select *
    from {{ with_criteria_in_force('entered', 'line_days') }} as reached
),

criteria as (
    select
        {{ key | join(', ') }},
        {{ joined_texts('criteria_version') }} as criteria_versions,
        count(case when is_new then 1 end) as new_version_count
    from {{ seen_by_dimension('reached', ['step', 'criteria_version'], {'is_new': 'bool_or(is_new)'}) }} as seen
    group by {{ key | join(', ') }}
),

-- Logarithms leave a product's last bits open, hence the margin.
curves as (
    select
        {{ key | join(', ') }},
        {% for value in ['rate', 'rate_low', 'rate_high'] %}
        max(case when cohorts.age_days = counted.horizon_days then cohorts.{{ value }} end) as {{ value }},
        {% endfor %}
        min(case when cohorts.rate >= 0.5 - 1e-9 then cohorts.age_days end) as median_days,
        min(case when cohorts.rate >= 0.9 - 1e-9 then cohorts.age_days end) as ninth_decile_days
    from counted
    inner join {{ ref('fct_conversion_cohorts') }} as cohorts using ({{ key | join(', ') }})
    group by {{ key | join(', ') }}
)

select
    dimension,
    dimension_value,
    cohort_month,
    step,
    criteria.criteria_versions,
    counted.at_risk_count = counted.entered_count and counted.truncated_count = 0 as is_mature,
    counted.horizon_days,
    counted.entered_count,
    counted.at_risk_count,
    counted.truncated_count,
    counted.converted_count,
    {% for basis in bases %}
    case when {{ is_of_sql }} then counted.sql_{{ basis }}_count end as sql_{{ basis }}_count,
    {% endfor %}
    counted.by_new_version_count,
    coalesce(criteria.new_version_count, 0) as new_version_count,
    curves.rate,
    curves.rate_low,
    curves.rate_high,
    {{ share_of('counted.converted_count', 'counted.entered_count') }} as naive_rate,
    curves.median_days,
    curves.ninth_decile_days
from counted
left join curves using ({{ key | join(', ') }})
left join criteria using ({{ key | join(', ') }})
