{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with mqls as (
    select
        entered.record_key,
        entered.became_at as became_mql_at
    from {{ ref('int_leads__entered') }} as entered
    where entered.stage = 'mql' and {{ touched_only('entered.record_key') }}
),

-- What the leads row itself says stands in int_mqls__featured; only its postal area has no column there.
attributes as (
    select
        mqls.record_key,
        mqls.became_mql_at,
        'attribute' as kind,
        attribute.name,
        attribute.value
    from mqls
    inner join {{ ref('int_attributes__versioned') }} as attribute
        on
            mqls.record_key = attribute.record_key
            and mqls.became_mql_at >= attribute.valid_from
            and mqls.became_mql_at < attribute.valid_to
    where attribute.value is not null and attribute.name not in ('channel', 'platform', 'campaign_id', 'location_id')
),

signals as (
    select
        mqls.record_key,
        mqls.became_mql_at,
        'signal' as kind,
        touch.signal as name,
        cast(count(*) as varchar) as value
    from mqls
    inner join {{ ref('int_touches__owned') }} as touch
        on
            mqls.record_key = touch.record_key
            and mqls.became_mql_at >= touch.valid_from
            and mqls.became_mql_at < touch.valid_to
    group by mqls.record_key, mqls.became_mql_at, touch.signal
)

select
    attributes.record_key,
    attributes.kind,
    attributes.name,
    attributes.value,
    attributes.became_mql_at
from attributes
union all
select
    signals.record_key,
    signals.kind,
    signals.name,
    signals.value,
    signals.became_mql_at
from signals
