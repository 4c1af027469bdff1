{% set comparison = ['fired_sql_count', 'fired_count', 'rest_sql_count', 'rest_count'] %}

with followed as (
    select
        followed.*,
        {{ horizon_end('became_mql_at') }} <= {{ as_of() }} and observed_from is null as is_at_risk,
        became_sql_at <= {{ horizon_end('became_mql_at') }} as is_converted
    from {{ ref('int_mql_rules__followed') }} as followed
),

mqls as (
    select
        criteria_version,
        count(*) as mql_count,
        count(case when is_at_risk then 1 end) as at_risk_count,
        count(case when is_at_risk and is_converted then 1 end) as sql_count
    from (select distinct lead_key, criteria_version, is_at_risk, is_converted from followed) as leads
    group by criteria_version
),

fired as (
    select
        criteria_version,
        section,
        rule_id,
        count(case when is_at_risk then 1 end) as fired_count,
        count(case when is_at_risk and is_converted then 1 end) as fired_sql_count
    from followed
    group by criteria_version, section, rule_id
),

versions as (
    select
        criteria_version,
        row_number() over (partition by coalesce(service_line, '') order by effective_from desc, criteria_version) = 1 as is_in_force
    from {{ ref('input__criteria_versions') }}
    where effective_from <= {{ as_of() }}
),

-- Of a version that is not in force yet, nothing can be said.
rules as (
    select distinct rules.criteria_version, rules.section, rules.rule_id, versions.is_in_force
    from {{ ref('input__criteria_rules') }} as rules
    inner join versions on rules.criteria_version = versions.criteria_version
    where rules.section in ('fit', 'behaviour')
),

counted as (
    select
        rules.*,
        coalesce(mqls.mql_count, 0) as mql_count,
        coalesce(mqls.at_risk_count, 0) as at_risk_count,
        coalesce(fired.fired_count, 0) as fired_count,
        coalesce(fired.fired_sql_count, 0) as fired_sql_count,
        coalesce(mqls.at_risk_count, 0) - coalesce(fired.fired_count, 0) as rest_count,
        coalesce(mqls.sql_count, 0) - coalesce(fired.fired_sql_count, 0) as rest_sql_count,
        coalesce(estimates.verdict, 'too_little_known') as verdict,
        estimates.redundant_with,
        coalesce(estimates.is_inseparable, false) as is_inseparable,
        estimates.marginal_odds_ratio,
        estimates.marginal_odds_ratio_low,
        estimates.marginal_odds_ratio_high,
        estimates.adjusted_p_value,
        estimates.largest_correlation
    from rules
    left join mqls using (criteria_version)
    left join fired using (criteria_version, section, rule_id)
    left join {{ ref('stg_handoff__signal_estimates') }} as estimates
        on
            rules.criteria_version = estimates.criteria_version
            and rules.section = estimates.section
            and rules.rule_id = estimates.rule_id
            and estimates.estimated_as_of = {{ as_of() }}
)

select
    criteria_version,
    section,
    rule_id,
    verdict,
    redundant_with,
    {{ suggested_edit() }} as suggested_edit,
    is_in_force,
    is_inseparable,
    {% for count in ['mql_count', 'at_risk_count', 'fired_count', 'fired_sql_count', 'rest_count', 'rest_sql_count'] %}
    cast({{ count }} as bigint) as {{ count }},
    {% endfor %}
    cast({{ readiness_days() }} as integer) as horizon_days,
    {{ rate_columns('fired_rate', 'fired_sql_count', 'fired_count') }},
    {{ share_of('rest_sql_count', 'rest_count') }} as rest_rate,
    {{ difference_columns('lift', *comparison) }},
    marginal_odds_ratio,
    marginal_odds_ratio_low,
    marginal_odds_ratio_high,
    adjusted_p_value,
    largest_correlation
from counted
