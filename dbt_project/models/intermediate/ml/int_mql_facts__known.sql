{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with mqls as (
    select
        entered.record_key,
        entered.became_at as became_mql_at
    from {{ ref('int_leads__entered') }} as entered
    where entered.stage = 'mql' and {{ touched_only('entered.record_key') }}
),

signals as (
    select
        mqls.record_key,
        mqls.became_mql_at,
        touch.signal,
        count(*) as touch_count,
        {{ epoch_seconds('mqls.became_mql_at') }} - {{ epoch_seconds('max(touch.occurred_at)') }} as seconds_ago
    from mqls
    inner join {{ ref('int_touches__owned') }} as touch
        on
            mqls.record_key = touch.record_key
            and mqls.became_mql_at >= touch.valid_from
            and mqls.became_mql_at < touch.valid_to
    group by mqls.record_key, mqls.became_mql_at, touch.signal
),

-- What each rule of behaviour gave when the criteria made the record an MQL: decayed by then, and never counted anew.
rules as (
    select
        mqls.record_key,
        mqls.became_mql_at,
        counted.rule_id,
        sum(counted.micro_points) as micro_points
    from mqls
    inner join {{ ref('int_mql_records__decided') }} as decided
        on mqls.record_key = decided.record_key and decided.qualifies and mqls.became_mql_at >= decided.decided_at
    inner join {{ ref('int_mql_touches__counted') }} as counted
        on decided.record_key = counted.record_key and decided.decided_micros = counted.moment_micros
    where counted.micro_points > 0
    group by mqls.record_key, mqls.became_mql_at, counted.rule_id
)

-- What the leads row itself says stands in int_mqls__featured; only its postal area has no column there.
select
    mqls.record_key,
    'attribute' as kind,
    attribute.name,
    attribute.value,
    mqls.became_mql_at
from mqls
inner join {{ ref('int_attributes__versioned') }} as attribute
    on
        mqls.record_key = attribute.record_key
        and mqls.became_mql_at >= attribute.valid_from
        and mqls.became_mql_at < attribute.valid_to
where attribute.value is not null and attribute.name not in ('channel', 'platform', 'campaign_id', 'location_id')
union all
select record_key, 'signal_count', signal, cast(touch_count as varchar), became_mql_at
from signals
union all
select record_key, 'signal_days', signal, cast(cast(seconds_ago as double) / 86400 as varchar), became_mql_at
from signals
union all
select record_key, 'signal_points', rule_id, cast(cast(micro_points as double) / 1000000 as varchar), became_mql_at
from rules
