{% set key = ['dimension', 'dimension_value', 'cohort_month', 'step'] %}

with entered as (
    select
        steps.*,
        substr(cast(cohort_date as varchar), 1, 7) as cohort_month,
        {{ full_days('entered_at', as_of()) }} as followed_days,
        {{ conversion_horizon('step', "''") }} as usual_days,
        {{ conversion_horizon('step', 'service_line') }} as line_days
    from {{ ref('int_funnel_steps__entered') }} as steps
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
    }) }} as seen
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
    counted.at_risk_count = counted.entered_count and counted.truncated_count = 0 as is_mature,
    counted.horizon_days,
    counted.entered_count,
    counted.at_risk_count,
    counted.truncated_count,
    counted.converted_count,
    curves.rate,
    curves.rate_low,
    curves.rate_high,
    {{ share_of('counted.converted_count', 'counted.entered_count') }} as naive_rate,
    curves.median_days,
    curves.ninth_decile_days
from counted
left join curves using ({{ key | join(', ') }})
