-- Do SQLs that booked for themselves come as often as those that staff confirmed? Of those whose appointment was held or
-- missed: of all SQLs, more of those that booked have one to come to.
select
    dimension_value as basis,
    at_risk_count,
    due_count,
    kept_count,
    round(100 * kept_rate, 1) as percent_kept,
    round(100 * kept_rate_low, 1) as percent_kept_low,
    round(100 * kept_rate_high, 1) as percent_kept_high,
    round(100 * no_show_rate, 1) as percent_no_show,
    round(100 * scheduled_rate, 1) as percent_scheduled,
    unreachable_count
from {{ ref('fct_sql_candidate_outcomes') }}
where dimension = 'basis'
order by basis
