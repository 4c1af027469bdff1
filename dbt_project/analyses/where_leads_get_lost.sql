-- Where in the funnel do leads get lost? Each step at its horizon; the naive ratio beside it is not for judging. First the
-- way from lead to SQL as a whole.
select
    step,
    horizon_days,
    entered_count,
    at_risk_count,
    round(100 * rate, 1) as percent,
    round(100 * rate_low, 1) as percent_low,
    round(100 * rate_high, 1) as percent_high,
    round(100 * naive_rate, 1) as naive_percent
from {{ ref('fct_conversion_rates') }}
where dimension = 'all' and cohort_month = '(all)'
order by
    case step
        when 'lead_to_sql' then 0 when 'lead_to_mql' then 1 when 'mql_to_sql' then 2 when 'sql_to_appointment' then 3 else 4
    end
