-- From one age to the next only those go who converted, left or are no longer followed, and only late observation adds;
-- what a cohort shows at the horizon is what its rate says.
with ages as (
    select
        *,
        lag(at_risk_count - converted_count - competing_count - censored_count) over by_age as carried_count,
        lag(rate) over by_age as rate_before
    from {{ ref('fct_conversion_cohorts') }}
    window by_age as (partition by dimension, dimension_value, cohort_month, step order by age_days)
),

wrong_ages as (
    select dimension, dimension_value, cohort_month, step, age_days
    from ages
    where
        (age_days > 0 and at_risk_count < carried_count)
        or at_risk_count < converted_count + competing_count + censored_count
        or at_risk_count > followed_count
        or followed_count > entered_count
        or rate < rate_before - 1e-9
        or not (rate between rate_low and rate_high)
        or (is_mature and rate is null)
),

wrong_rates as (
    select rates.dimension, rates.dimension_value, rates.cohort_month, rates.step, rates.horizon_days
    from {{ ref('fct_conversion_rates') }} as rates
    left join {{ ref('fct_conversion_cohorts') }} as cohorts
        on
            rates.dimension = cohorts.dimension
            and rates.dimension_value = cohorts.dimension_value
            and rates.cohort_month = cohorts.cohort_month
            and rates.step = cohorts.step
            and rates.horizon_days = cohorts.age_days
    where
        rates.rate is distinct from cohorts.rate
        or rates.is_mature is distinct from coalesce(cohorts.is_mature, false)
        or (cohorts.entered_count is not null and cohorts.entered_count <> rates.entered_count)
)

select * from wrong_ages
union all
select * from wrong_rates
