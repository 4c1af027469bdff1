-- How long does each step take, and is it given long enough? The age by which 90 % of eventual conversions have come.
select
    step,
    service_line,
    horizon_days,
    suggested_horizon_days,
    is_settled,
    round(100 * eventual_rate, 1) as eventual_percent
from {{ ref('fct_conversion_horizons') }}
order by
    case step
        when 'lead_to_sql' then 0 when 'lead_to_mql' then 1 when 'mql_to_sql' then 2 when 'sql_to_appointment' then 3 else 4
    end,
    case when service_line = 'all' then 0 else 1 end,
    service_line
