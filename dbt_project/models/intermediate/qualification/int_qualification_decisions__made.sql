{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with decisions as (
    select
        record_key,
        'mql' as stage,
        criteria_version,
        'criteria' as basis,
        qualifies,
        fit_micro_points,
        behaviour_micro_points,
        decided_at
    from {{ ref('int_mql_records__decided') }}
    where {{ touched_only('record_key') }}

    union all

    select distinct record_key, 'sql', criteria_version, basis, true, cast(null as bigint), cast(null as bigint), decided_at
    from {{ ref('int_sql_stage__decided') }}
    where {{ touched_only('record_key') }}

    union all

    select record_key, 'disqualified', criteria_version, basis, qualifies, null, null, decided_at
    from {{ ref('int_disqualifications__decided') }}
    where {{ touched_only('record_key') }}
)

select
    record_key,
    stage,
    criteria_version,
    basis,
    qualifies,
    fit_micro_points,
    behaviour_micro_points,
    row_number() over (partition by record_key, stage order by decided_at) as decision_no,
    decided_at
from decisions
