{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with first_versions as (
    select
        record_key,
        greatest(created_at, valid_from) as effective_at,
        valid_from as known_at
    from {{ ref('int_records__versioned') }}
    where {{ touched_only('record_key') }}
    qualify row_number() over (partition by record_key order by valid_from) = 1
)

select
    current_versions.record_key,
    current_versions.source,
    current_versions.id_space,
    current_versions.lead_id,
    current_versions.service_line,
    current_versions.location_id,
    current_versions.channel,
    current_versions.platform,
    current_versions.campaign_id,
    current_versions.postal_area,
    current_versions.merged_into_lead_id,
    current_versions.is_deleted,
    current_versions.created_at,
    first_versions.known_at,
    first_versions.effective_at
from {{ ref('int_records__versioned') }} as current_versions
inner join first_versions on current_versions.record_key = first_versions.record_key
where
    current_versions.valid_to = {{ end_of_time() }}
    and first_versions.effective_at <= {{ as_of() }}
