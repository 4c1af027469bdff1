-- Which rules of the criteria give points for what does not lead to an SQL, and what should be changed?
select
    criteria_version,
    section,
    rule_id,
    verdict,
    fired_count,
    round(lift, 2) as lift,
    round(marginal_odds_ratio, 2) as marginal_odds_ratio,
    suggested_edit
from {{ ref('fct_mql_signal_outcomes') }}
where verdict in ('useless', 'harmful', 'redundant')
order by criteria_version, verdict, rule_id
