{{ config(materialized='table') }}

select
    landed.source,
    landed.stage,
    landed.is_crm_authority,
    landed.observed_from
from {{ ref('stg_run__source_stages') }} as landed
