{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with versions as (
    select
        record_key,
        source,
        event_id,
        stage,
        actor_id,
        actor_type,
        is_current,
        entered_at,
        known_at,
        valid_from,
        valid_to
    from {{ ref('int_stage_events__versioned') }}
    where {{ touched_only('record_key') }}
),

stretches as (
    select *
    from {{ version_stretches('versions', ['record_key', 'source', 'event_id'], ['stage', 'entered_at']) }} as spanned
)

select
    record_key,
    source,
    event_id,
    stage,
    actor_id,
    actor_type,
    not is_current as is_superseded,
    entered_at,
    first_known_at as known_at,
    first_effective_at as effective_at,
    case when not is_current then valid_to end as superseded_at
from stretches
where stage is not null
