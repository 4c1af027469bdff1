with mqls as (
    select
        {{ beside_all('steps.service_line') }} as service_line,
        {{ band_from('decisions.fit_micro_points') }} as fit_points_from,
        {{ band_from('decisions.behaviour_micro_points') }} as behaviour_points_from,
        steps.observed_from is null and {{ horizon_end('steps.entered_at') }} <= {{ as_of() }} as is_at_risk,
        steps.converted_at <= {{ horizon_end('steps.entered_at') }} as is_converted
    from {{ ref('int_funnel_steps__entered') }} as steps
    inner join {{ ref('int_leads__entered') }} as entered on steps.lead_key = entered.lead_key and entered.stage = 'mql'
    left join {{ ref('int_qualification_decisions__made') }} as decisions
        on
            entered.record_key = decisions.record_key
            and entered.stage = decisions.stage
            and entered.became_at = decisions.decided_at
            and decisions.qualifies
    where steps.step = 'mql_to_sql'
),

cells as (
    {% for line in ["'all'", 'service_line'] %}
    select
        {{ line }} as service_line,
        fit_points_from,
        behaviour_points_from,
        count(*) as mql_count,
        count(case when is_at_risk then 1 end) as at_risk_count,
        count(case when is_at_risk and is_converted then 1 end) as sql_count
    from mqls
    group by {{ "service_line, " if line == 'service_line' }}fit_points_from, behaviour_points_from
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    service_line,
    {{ band_of('fit_points_from') }} as fit_band,
    {{ band_of('behaviour_points_from') }} as behaviour_band,
    fit_points_from,
    behaviour_points_from,
    cast(mql_count as bigint) as mql_count,
    cast(at_risk_count as bigint) as at_risk_count,
    cast(sql_count as bigint) as sql_count,
    cast({{ readiness_days() }} as integer) as horizon_days,
    {{ rate_columns('sql_rate', 'sql_count', 'at_risk_count') }}
from cells
