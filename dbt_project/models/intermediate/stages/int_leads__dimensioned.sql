{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- The record that made the entry, as it was known then; a label older than the record takes its first version.
with entries as (
    select lead_key, record_key, stage, became_at
    from {{ ref('int_leads__entered') }}
    where {{ touched_only('record_key') }}
    union all
    select
        merged.lead_key,
        merged.record_key,
        'lead' as stage,
        records.effective_at as became_at
    from {{ ref('int_records__current') }} as records
    inner join {{ ref('int_records__merged') }} as merged on records.record_key = merged.record_key
    where {{ touched_only('records.record_key') }}
    qualify row_number() over (partition by merged.lead_key order by records.effective_at, merged.record_key) = 1
),

first_versions as (
    select
        record_key,
        min(valid_from) as known_from
    from {{ ref('int_records__versioned') }}
    where {{ touched_only('record_key') }}
    group by record_key
),

located as (
    select
        entries.lead_key,
        entries.record_key,
        entries.stage,
        versions.source,
        versions.id_space,
        versions.service_line,
        versions.location_id,
        versions.channel,
        versions.platform,
        versions.campaign_id,
        locations.calendar_id,
        coalesce(locations.timezone, sources.timezone, 'UTC') as timezone,
        entries.became_at
    from entries
    inner join first_versions on entries.record_key = first_versions.record_key
    inner join {{ ref('int_records__versioned') }} as versions
        on
            entries.record_key = versions.record_key
            and greatest(entries.became_at, first_versions.known_from) >= versions.valid_from
            and greatest(entries.became_at, first_versions.known_from) < versions.valid_to
    left join {{ ref('int_locations__zoned') }} as locations
        on versions.source = locations.source and versions.location_id = locations.location_id
    left join {{ ref('input__sources') }} as sources on versions.source = sources.source
)

select
    located.lead_key,
    located.record_key,
    located.stage,
    located.source,
    located.id_space,
    located.service_line,
    located.location_id,
    located.channel,
    located.platform,
    located.campaign_id,
    located.calendar_id,
    located.timezone,
    {{ local_date('located.became_at', 'coalesce(offsets.offset_seconds, 0)') }} as local_date,
    extract(hour from {{ add_seconds('located.became_at', 'coalesce(offsets.offset_seconds, 0)') }}) as local_hour,
    located.became_at
from located
left join {{ ref('input__timezone_offsets') }} as offsets
    on
        located.timezone = offsets.timezone
        and located.became_at >= offsets.utc_from
        and located.became_at < offsets.utc_to
