{% set cautions = {
    'audience': 'who people are, and the channel they come by, goes with all else they do',
    'offer': 'offers are about different things, and whoever wants one differs from whoever wants another',
    'message': 'campaigns and pages reach different people: it may be the audience',
    'form': 'a form is used by people of one intention: it may be the signal',
    'signal': 'MQLs without this signal needed others to qualify: fct_mql_signal_outcomes compares given the others',
    'qualification_question': 'a rule that fails is meant to hold back; one that is unknown waits for an answer',
    'routing': 'teams serve different places: it may be whom they are sent',
    'follow_up': 'who is keen answers sooner, and who cannot be reached is late: slowness may be effect, not cause',
} %}

with mqls as (
    select
        {{ beside_all('service_line') }} as service_line,
        observed_from is null and {{ horizon_end('entered_at') }} <= {{ as_of() }} as is_at_risk,
        converted_at <= {{ horizon_end('entered_at') }} as is_converted
    from {{ ref('int_funnel_steps__entered') }}
    where step = 'mql_to_sql'
),

lines as (
    select
        service_line,
        count(case when is_at_risk then 1 end) as at_risk_count,
        count(case when is_at_risk and is_converted then 1 end) as sql_count
    from mqls
    group by service_line
    union all
    select 'all', count(case when is_at_risk then 1 end), count(case when is_at_risk and is_converted then 1 end)
    from mqls
),

causes as (
    {% for cause, caution in cautions.items() %}
    select '{{ cause }}' as cause, '{{ caution }}' as caution
    {{ "union all" if not loop.last }}
    {% endfor %}
),

told as (
    select
        lines.service_line,
        causes.cause,
        coalesce(estimates.verdict, 'too_little_known') as verdict,
        estimates.dimension,
        estimates.worst_value,
        causes.caution,
        lines.at_risk_count,
        lines.sql_count,
        coalesce(estimates.value_count, 0) as value_count,
        estimates.worst_count,
        estimates.worst_sql_count,
        estimates.rest_count,
        {% for name in ['rest_rate', 'rate_difference', 'rate_difference_low', 'rate_difference_high', 'missed_sql_count', 'missed_sql_count_low',
            'missed_sql_count_high', 'adjusted_p_value', 'share_of_variation', 'spread_adjusted_p_value'] %}
        estimates.{{ name }},
        {% endfor %}
        rules.verdict as rule_verdict
    from lines
    cross join causes
    left join {{ ref('stg_handoff__cause_estimates') }} as estimates
        on
            lines.service_line = estimates.service_line
            and causes.cause = estimates.cause
            and estimates.estimated_as_of = {{ as_of() }}
    left join {{ signal_verdicts() }} as rules
        on
            estimates.cause = 'signal'
            and estimates.dimension = 'rule of ' || rules.criteria_version
            and estimates.worst_value = rules.rule_id
)

select
    service_line,
    cause,
    verdict,
    dimension,
    worst_value,
    {{ cause_evidence() }} as evidence,
    caution,
    cast(case when verdict = 'speaks_for' then row_number() over (
        partition by service_line, verdict order by missed_sql_count desc nulls last, cause
    ) end as integer) as place,
    {% for count in ['at_risk_count', 'sql_count', 'value_count', 'worst_count', 'worst_sql_count', 'rest_count'] %}
    cast({{ count }} as bigint) as {{ count }},
    {% endfor %}
    cast({{ readiness_days() }} as integer) as horizon_days,
    {{ rate_columns('worst_rate', 'worst_sql_count', 'worst_count') }},
    rest_rate,
    {% for estimate in ['rate_difference', 'missed_sql_count'] %}
    {{ estimate }},
    {{ estimate }}_low,
    {{ estimate }}_high,
    {% endfor %}
    adjusted_p_value,
    share_of_variation,
    spread_adjusted_p_value
from told
