-- Which channel brings leads that become SQL? Only cohorts that may be judged; the rate counts SQL within 30 days of MQL.
-- Runs as it stands over the published tables: `.venv/bin/python -m duckdb` or any SQL client on published/current/warehouse.duckdb.
select
    channel,
    sum(at_risk_count) as mql_count,
    sum(converted_count) as sql_count,
    round(100.0 * sum(converted_count) / sum(at_risk_count), 1) as sql_percent
from {{ ref('fct_funnel_conversions') }}
where step = 'mql_to_sql' and horizon_days = 30 and is_mature
group by channel
having sum(at_risk_count) > 0
order by sql_percent desc, channel
