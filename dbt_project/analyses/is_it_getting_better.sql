-- Do more MQLs become SQL than some months ago? Months that cannot be judged yet say so. Where a version began in a month's time,
-- or made SQLs of leads that were waiting, the criteria moved it as well (the rate, where that was within the horizon).
select
    cohort_month,
    is_mature,
    entered_count,
    converted_count,
    sql_staff_confirmed_count,
    sql_self_scheduled_count,
    sql_criteria_count,
    sql_crm_label_count,
    by_new_version_count,
    new_version_count,
    round(100 * rate, 1) as percent,
    round(100 * rate_low, 1) as percent_low,
    round(100 * rate_high, 1) as percent_high
from {{ ref('fct_conversion_rates') }}
where dimension = 'all' and cohort_month <> '(all)' and step = 'mql_to_sql'
order by cohort_month
