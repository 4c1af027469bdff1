{{ config(materialized='table') }}

select
    landed.source,
    landed.id_space,
    landed.connector,
    landed.timezone,
    landed.consent_required,
    cast(landed.stage_tolerance_seconds as bigint) as stage_tolerance_seconds,
    landed.history_latest_only,
    landed.has_work_events,
    landed.observed_from_all
from {{ ref('stg_run__sources') }} as landed
