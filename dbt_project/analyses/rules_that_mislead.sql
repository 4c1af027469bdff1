-- Which rules of the criteria give points for what does not lead to an SQL, and what should be changed?
select
    signals.criteria_version,
    versions.file,
    versions.effective_to is null as is_newest,
    signals.section,
    signals.rule_id,
    signals.verdict,
    signals.fired_count,
    round(signals.lift, 2) as lift,
    round(signals.marginal_odds_ratio, 2) as marginal_odds_ratio,
    signals.suggested_edit
from {{ ref('fct_mql_signal_outcomes') }} as signals
inner join {{ ref('dim_criteria_versions') }} as versions on signals.criteria_version = versions.criteria_version
where signals.verdict in ('useless', 'harmful', 'redundant')
order by signals.criteria_version, signals.verdict, signals.rule_id
