{{ config(materialized='table') }}

select
    landed.as_of,
    cast(landed.run_no as bigint) as run_no,
    landed.built_as_of,
    cast(landed.built_run_no as bigint) as built_run_no,
    cast(landed.seed as bigint) as seed
from {{ ref('stg_run__runs') }} as landed
