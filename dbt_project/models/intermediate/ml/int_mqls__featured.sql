{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with mqls as (
    select
        entered.record_key,
        entered.lead_key,
        entered.became_at as became_mql_at
    from {{ ref('int_leads__entered') }} as entered
    where entered.stage = 'mql' and {{ touched_only('entered.record_key') }}
),

-- The record as it was known at the moment, whatever became of it later.
records as (
    select mqls.lead_key, mqls.became_mql_at, version.*
    from mqls
    inner join {{ ref('int_records__versioned') }} as version
        on
            mqls.record_key = version.record_key
            and mqls.became_mql_at >= version.valid_from
            and mqls.became_mql_at < version.valid_to
),

-- The criteria's own answer, nothing of what staff or labels said: where a label made the MQL, points as decided before it.
points as (
    select decided.record_key, decided.fit_micro_points, decided.behaviour_micro_points
    from {{ ref('int_mql_records__decided') }} as decided
    inner join mqls on decided.record_key = mqls.record_key and mqls.became_mql_at >= decided.decided_at
    where decided.qualifies
),

touches as (
    select
        mqls.record_key,
        count(*) as touch_count,
        count(case when touch.occurred_at > {{ add_seconds('mqls.became_mql_at', '-604800') }} then 1 end)
            as touches_last_week_count,
        count(case when touch.occurred_at >= records.created_at then 1 end) as touches_as_lead_count,
        count(touch.session_id) as session_touch_count,
        count(distinct case when touch.session_id is not null then {{ canonical_text(['touch.source', 'touch.session_id']) }} end)
            as session_count,
        min(touch.occurred_at) as first_touched_at,
        max(touch.occurred_at) as last_touched_at,
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
    left join records on mqls.record_key = records.record_key
    group by mqls.record_key
),

history as (
    {{ earlier_records('records') }}
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
    points.fit_micro_points,
    points.behaviour_micro_points,
    coalesce(touches.touch_count, 0) as touch_count,
    coalesce(touches.touches_last_week_count, 0) as touches_last_week_count,
    coalesce(touches.touches_as_lead_count, 0) as touches_as_lead_count,
    coalesce(touches.session_count, 0) as session_count,
    coalesce(touches.session_touch_count, 0) as session_touch_count,
    coalesce(history.earlier_record_count, 0) as earlier_record_count,
    {{ epoch_seconds('mqls.became_mql_at') }} - {{ epoch_seconds('touches.first_touched_at') }} as seconds_from_first_touch,
    {{ epoch_seconds('mqls.became_mql_at') }} - {{ epoch_seconds('touches.last_touched_at') }} as seconds_from_last_touch,
    {{ epoch_seconds('mqls.became_mql_at') }} - {{ epoch_seconds('records.created_at') }} as seconds_as_lead,
    {{ epoch_seconds('mqls.became_mql_at') }} - {{ epoch_seconds('history.created_at') }} as seconds_from_earlier_record,
    mqls.became_mql_at
from mqls
left join records on mqls.record_key = records.record_key
left join points on mqls.record_key = points.record_key
left join touches on mqls.record_key = touches.record_key
left join history on mqls.record_key = history.record_key
