{# Fewer than this many tell nothing of what is still to come. #}
{% set least_count = 30 %}
{% set line = "case when dimension = 'all' then 'all' else " ~ beside_all('dimension_value') ~ " end" %}

with curves as (
    select
        step,
        {{ line }} as service_line,
        age_days,
        entered_count,
        at_risk_count,
        converted_count,
        rate
    from {{ ref('fct_conversion_cohorts') }}
    where dimension in ('all', 'service_line') and cohort_month = '(all)' and rate is not null and followed_count >= {{ least_count }}
),

ends as (
    select
        step,
        service_line,
        max(age_days) as observed_days,
        max(rate) as eventual_rate,
        sum(converted_count) as converted_count,
        max(case when age_days = 0 then at_risk_count end) as started_count
    from curves
    group by step, service_line
),

reached as (
    select
        curves.step,
        curves.service_line,
        min(curves.age_days) as suggested_horizon_days
    from curves
    inner join ends on curves.step = ends.step and curves.service_line = ends.service_line
    where ends.eventual_rate > 0 and curves.rate >= 0.9 * ends.eventual_rate - 1e-9
    group by curves.step, curves.service_line
),

rates as (
    select *, {{ line }} as service_line
    from {{ ref('fct_conversion_rates') }}
    where dimension in ('all', 'service_line') and cohort_month = '(all)'
)

-- Settled: in as many days again as the suggestion has, at most the last tenth came.
select
    rates.step,
    rates.service_line,
    coalesce(
        least(ends.converted_count, ends.started_count) >= {{ least_count }}
        and 2 * reached.suggested_horizon_days <= ends.observed_days,
        false
    ) as is_settled,
    rates.horizon_days,
    reached.suggested_horizon_days,
    ends.eventual_rate,
    ends.observed_days,
    rates.entered_count
from rates
left join ends on rates.step = ends.step and rates.service_line = ends.service_line
left join reached on rates.step = reached.step and rates.service_line = reached.service_line
