{#
  Drift is judged on those the answer was yes for: a no moves on to the next version or month with the lead's next row,
  so that an old version, or month, keeps hardly any, and its share over all decisions rises by that alone.
#}
{% set measures = ['decided_count', 'fired_count', 'qualified_count', 'qualified_fired_count'] %}
{% set comparisons = {
    'baseline': ['qualified_fired_count', 'qualified_count', 'baseline_fired_count', 'compared_count'],
    'previous': ['qualified_fired_count', 'qualified_count', 'previous_fired_count', 'previous_count'],
} %}

with versions as (
    select
        criteria_version,
        lag(criteria_version) over (partition by coalesce(service_line, '') order by effective_from) as previous_criteria_version
    from {{ ref('input__criteria_versions') }}
),

months as (
    select
        criteria_version,
        stage,
        section,
        rule_id,
        utc_month_date,
        bool_or(is_baseline and qualified_count > 0) as is_baseline,
        {% for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('int_rule_decisions__counted') }}
    group by criteria_version, stage, section, rule_id, utc_month_date
),

whole as (
    select
        criteria_version, stage, rule_id,
        sum(qualified_count) as qualified_count,
        sum(qualified_fired_count) as qualified_fired_count,
        sum(case when is_baseline then qualified_count end) as baseline_count,
        sum(case when is_baseline then qualified_fired_count end) as baseline_fired_count
    from {{ ref('int_rule_decisions__counted') }}
    group by criteria_version, stage, rule_id
),

compared as (
    select
        months.*,
        months.utc_month_date < cast(date_trunc('month', {{ as_of() }}) as date) as is_complete,
        versions.previous_criteria_version,
        previous.qualified_count as previous_count,
        previous.qualified_fired_count as previous_fired_count,
        own.baseline_count,
        own.baseline_fired_count,
        -- A month of the first days is part of what it would be compared with.
        case when not months.is_baseline then own.baseline_count end as compared_count
    from months
    inner join versions on months.criteria_version = versions.criteria_version
    inner join whole as own
        on months.criteria_version = own.criteria_version and months.stage = own.stage and months.rule_id = own.rule_id
    left join whole as previous
        on
            versions.previous_criteria_version = previous.criteria_version
            and months.stage = previous.stage
            and months.rule_id = previous.rule_id
),

judged as (
    select
        compared.*,
        {{ rate_columns('firing_rate', 'fired_count', 'decided_count') }},
        {{ rate_columns('qualified_firing_rate', 'qualified_fired_count', 'qualified_count') }},
        {{ difference_columns('previous_difference', *comparisons.previous) }},
        {{ difference_columns('baseline_difference', *comparisons.baseline) }}
    from {{ adjusted_p_values('compared', ['criteria_version', 'stage'], comparisons, judged='is_complete') }} as compared
)

select
    criteria_version,
    previous_criteria_version,
    stage,
    section,
    rule_id,
    utc_month_date,
    is_complete,
    is_baseline,
    baseline_adjusted_p_value <= {{ var('false_discovery_rate') }} as is_drifted,
    previous_adjusted_p_value <= {{ var('false_discovery_rate') }} as is_unlike_previous,
    {% for measure in measures + ['previous_count', 'previous_fired_count', 'baseline_count', 'baseline_fired_count'] %}
    cast({{ measure }} as bigint) as {{ measure }},
    {% endfor %}
    cast({{ var('drift_baseline_days') }} as integer) as baseline_days,
    previous_adjusted_p_value,
    baseline_adjusted_p_value,
    {{ share_of('previous_fired_count', 'previous_count') }} as previous_firing_rate,
    {{ share_of('baseline_fired_count', 'baseline_count') }} as baseline_firing_rate,
    {% for rate in ['firing_rate', 'qualified_firing_rate', 'previous_difference', 'baseline_difference'] %}
    {{ rate }},
    {{ rate }}_low,
    {{ rate }}_high{{ "," if not loop.last }}
    {% endfor %}
from judged
