-- Do SQLs that booked for themselves come as often as those that staff confirmed?
select
    dimension_value as basis,
    at_risk_count,
    round(100 * scheduled_rate, 1) as percent_scheduled,
    round(100 * held_rate, 1) as percent_held,
    round(100 * no_show_rate, 1) as percent_no_show,
    unreachable_count
from {{ ref('fct_sql_candidate_outcomes') }}
where dimension = 'basis'
order by basis
