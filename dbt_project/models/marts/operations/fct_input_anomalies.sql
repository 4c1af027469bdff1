-- What of the input was read but could not count as it stands. A record's source is the one it was first seen in.
with record_sources as (
    select distinct record_key, source
    from {{ ref('int_records__versioned') }}
),

anomalies as (
    select
        'value_tied' as kind,
        object,
        case when object in ('lead_attributes', 'consents') then fact end as detail,
        record_key,
        known_at
    from {{ ref('int_versions__tied') }}
    union all
    select
        'number_unread' as kind,
        'lead_attributes' as object,
        name as detail,
        record_key,
        known_at
    from {{ ref('int_numbers__unread') }}
    union all
    select
        'merge_rejected' as kind,
        null as object,
        reason as detail,
        record_key,
        known_at
    from {{ ref('int_merges__rejected') }}
    union all
    select
        'link_ignored' as kind,
        'identities' as object,
        id_type as detail,
        record_key,
        known_at
    from {{ ref('int_links__ignored') }}
    union all
    select
        'no_criteria' as kind,
        'leads' as object,
        records.service_line as detail,
        records.record_key,
        records.effective_at as known_at
    from {{ ref('int_records__current') }} as records
    inner join {{ ref('int_record_criteria__current') }} as criteria on records.record_key = criteria.record_key
    where criteria.criteria_version is null
),

counted as (
    select
        record_sources.source,
        anomalies.kind,
        anomalies.object,
        anomalies.detail,
        count(*) as anomaly_count,
        count(distinct anomalies.record_key) as record_count,
        min(anomalies.known_at) as first_known_at,
        max(anomalies.known_at) as last_known_at
    from anomalies
    left join record_sources on anomalies.record_key = record_sources.record_key
    group by record_sources.source, anomalies.kind, anomalies.object, anomalies.detail
    union all
    select
        source,
        'row_waiting' as kind,
        object,
        null as detail,
        row_count as anomaly_count,
        record_count,
        first_known_at,
        last_known_at
    from {{ ref('int_rows__waiting') }}
)

select
    {{ dimension('source') }} as source,
    kind,
    {{ dimension('object') }} as object,
    {{ dimension('detail') }} as detail,
    anomaly_count,
    record_count,
    first_known_at,
    last_known_at
from counted
