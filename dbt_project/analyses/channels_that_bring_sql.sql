-- Which channel brings leads that become SQL? Only cohorts that may be judged; the rate counts SQL within 30 days of MQL.
-- As plain SQL over the published tables, with `marts.fct_funnel_conversions` in place of the ref, it stands in README.md.
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
