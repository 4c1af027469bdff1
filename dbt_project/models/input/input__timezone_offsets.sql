{{ config(materialized='table') }}

select
    landed.timezone,
    landed.utc_from,
    landed.utc_to,
    landed.local_from,
    landed.local_to,
    cast(landed.offset_seconds as bigint) as offset_seconds
from {{ ref('stg_run__timezone_offsets') }} as landed
