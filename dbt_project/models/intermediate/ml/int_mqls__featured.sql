{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with mqls as (
    select
        entered.record_key,
        entered.lead_key,
        entered.basis as mql_basis,
        entered.became_at as became_mql_at
    from {{ ref('int_leads__entered') }} as entered
    where entered.stage = 'mql' and {{ touched_only('entered.record_key') }}
),

-- The record as it was known at the moment, whatever became of it later.
records as (
    select
        mqls.record_key,
        version.source,
        version.id_space,
        version.service_line,
        version.location_id,
        version.channel,
        version.platform,
        version.campaign_id,
        version.created_at
    from mqls
    inner join {{ ref('int_records__versioned') }} as version
        on
            mqls.record_key = version.record_key
            and mqls.became_mql_at >= version.valid_from
            and mqls.became_mql_at < version.valid_to
),

points as (
    select
        decision.record_key,
        max(decision.fit_micro_points) as fit_micro_points,
        max(decision.behaviour_micro_points) as behaviour_micro_points
    from {{ ref('int_qualification_decisions__made') }} as decision
    inner join mqls on decision.record_key = mqls.record_key
    where decision.stage = 'mql' and decision.qualifies and decision.decided_at <= mqls.became_mql_at
    group by decision.record_key
),

touches as (
    select
        mqls.record_key,
        count(*) as touch_count,
        count(case when touch.occurred_at > {{ add_seconds('mqls.became_mql_at', '-604800') }} then 1 end)
            as touches_last_week_count,
        min(touch.occurred_at) as first_touched_at,
        min_by(
            touch.landing_page,
            case when touch.landing_page is not null then {{ canonical_text(['touch.occurred_at', 'touch.touch_key']) }} end
        ) as landing_page
    from mqls
    inner join {{ ref('int_touches__owned') }} as touch
        on
            mqls.record_key = touch.record_key
            and mqls.became_mql_at >= touch.valid_from
            and mqls.became_mql_at < touch.valid_to
    group by mqls.record_key
)

select
    mqls.record_key,
    mqls.lead_key,
    records.source,
    records.id_space,
    records.service_line,
    records.location_id,
    records.channel,
    records.platform,
    records.campaign_id,
    touches.landing_page,
    mqls.mql_basis,
    points.fit_micro_points,
    points.behaviour_micro_points,
    coalesce(touches.touch_count, 0) as touch_count,
    coalesce(touches.touches_last_week_count, 0) as touches_last_week_count,
    {{ epoch_seconds('mqls.became_mql_at') }} - {{ epoch_seconds('touches.first_touched_at') }} as seconds_from_first_touch,
    {{ epoch_seconds('mqls.became_mql_at') }} - {{ epoch_seconds('records.created_at') }} as seconds_as_lead,
    {{ iso_weekday(local_date('mqls.became_mql_at', 'coalesce(zone.offset_seconds, 0)')) }} as local_weekday,
    extract(hour from {{ add_seconds('mqls.became_mql_at', 'coalesce(zone.offset_seconds, 0)') }}) as local_hour,
    mqls.became_mql_at
from mqls
left join records on mqls.record_key = records.record_key
left join points on mqls.record_key = points.record_key
left join touches on mqls.record_key = touches.record_key
left join {{ ref('int_leads__dimensioned') }} as place on mqls.lead_key = place.lead_key and place.stage = 'mql'
left join {{ ref('input__timezone_offsets') }} as zone
    on
        place.timezone = zone.timezone
        and mqls.became_mql_at >= zone.utc_from
        and mqls.became_mql_at < zone.utc_to
