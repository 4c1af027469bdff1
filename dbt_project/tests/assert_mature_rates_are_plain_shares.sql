-- Where everybody was followed to the horizon the rate is converted / entered, as fct_funnel_conversions counts them.
with cohorts as (
    select
        step,
        horizon_days,
        substr(cast(cohort_date as varchar), 1, 7) as cohort_month,
        sum(entered_count) as entered_count,
        sum(converted_count) as converted_count,
        bool_and(is_mature) as is_mature
    from {{ ref('fct_funnel_conversions') }}
    where horizon_days <= {{ var('conversion_ages_days') }}
    group by step, horizon_days, substr(cast(cohort_date as varchar), 1, 7)
)

select cohorts.step, cohorts.horizon_days, cohorts.cohort_month, curves.rate
from cohorts
left join {{ ref('fct_conversion_cohorts') }} as curves
    on
        cohorts.step = curves.step
        and cohorts.horizon_days = curves.age_days
        and cohorts.cohort_month = curves.cohort_month
        and curves.dimension = 'all'
where
    cohorts.is_mature is distinct from coalesce(curves.is_mature, false)
    or (cohorts.is_mature and curves.rate is distinct from {{ share_of('cohorts.converted_count', 'cohorts.entered_count') }})
