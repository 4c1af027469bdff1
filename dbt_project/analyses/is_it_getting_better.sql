-- Do more MQLs become SQL than some months ago? Months that cannot be judged yet say so.
select
    cohort_month,
    is_mature,
    entered_count,
    round(100 * rate, 1) as percent,
    round(100 * rate_low, 1) as percent_low,
    round(100 * rate_high, 1) as percent_high
from {{ ref('fct_conversion_rates') }}
where dimension = 'all' and cohort_month <> '(all)' and step = 'mql_to_sql'
order by cohort_month
