{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with members as (
    select
        merged.lead_key,
        count(*) as record_count,
        min(records.created_at) as created_at,
        min(records.effective_at) as effective_at
    from {{ ref('int_records__merged') }} as merged
    inner join {{ ref('int_records__current') }} as records on merged.record_key = records.record_key
    where {{ touched_only('merged.record_key') }}
    group by merged.lead_key
),

first_pages as (
    select
        merged.lead_key,
        pages.landing_page
    from {{ ref('int_pages__landed') }} as pages
    inner join {{ ref('int_records__merged') }} as merged on pages.record_key = merged.record_key
    where {{ touched_only('pages.record_key') }}
    qualify row_number() over (partition by merged.lead_key order by pages.occurred_at, pages.touch_id, pages.source) = 1
)

select
    members.lead_key,
    survivors.lead_id,
    survivors.source,
    survivors.id_space,
    survivors.service_line,
    survivors.location_id,
    survivors.channel,
    survivors.platform,
    survivors.campaign_id,
    survivors.postal_area,
    first_pages.landing_page,
    criteria.criteria_version,
    criteria.excluded_by,
    coalesce(locations.timezone, sources.timezone, 'UTC') as timezone,
    survivors.is_deleted,
    members.record_count,
    members.created_at,
    members.effective_at
from members
inner join {{ ref('int_records__current') }} as survivors on members.lead_key = survivors.record_key
left join {{ ref('int_record_criteria__current') }} as criteria on members.lead_key = criteria.record_key
left join {{ ref('int_locations__zoned') }} as locations
    on survivors.source = locations.source and survivors.location_id = locations.location_id
left join {{ ref('input__sources') }} as sources on survivors.source = sources.source
left join first_pages on members.lead_key = first_pages.lead_key
