with horizons as (
    {% for horizon_days in var('horizons') %}
    select cast({{ horizon_days }} as integer) as horizon_days
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- Inside its horizon a lead is open, not lost. What came before the entry counts as converted, and is told apart.
judged as (
    select
        steps.*,
        horizons.horizon_days,
        {{ add_seconds('steps.entered_at', '86400 * horizons.horizon_days') }} <= {{ as_of() }} as is_at_risk,
        coalesce(steps.converted_at <= {{ add_seconds('steps.entered_at', '86400 * horizons.horizon_days') }}, false)
            as is_converted,
        coalesce(steps.converted_at < steps.entered_at, false) as is_early,
        coalesce(steps.later_at <= {{ add_seconds('steps.entered_at', '86400 * horizons.horizon_days') }}, false)
            as is_later_reached
    from {{ ref('int_funnel_steps__entered') }} as steps
    cross join horizons
),

counted as (
    select
        cohort_date,
        step,
        horizon_days,
        service_line,
        channel,
        platform,
        campaign_id,
        location_id,
        team_id,
        count(*) as entered_count,
        count(case when is_at_risk then 1 end) as at_risk_count,
        count(case when is_at_risk and is_converted then 1 end) as converted_count,
        count(case when is_at_risk and is_converted and is_early then 1 end) as converted_early_count,
        count(case when is_at_risk and is_later_reached and not is_converted then 1 end) as skipped_count,
        max(observed_from) as observed_from
    from judged
    group by cohort_date, step, horizon_days, service_line, channel, platform, campaign_id, location_id, team_id
)

select
    step,
    service_line,
    channel,
    platform,
    campaign_id,
    location_id,
    team_id,
    cohort_date,
    at_risk_count = entered_count and observed_from is null as is_mature,
    horizon_days,
    entered_count,
    at_risk_count,
    converted_count,
    converted_early_count,
    skipped_count,
    observed_from
from counted
