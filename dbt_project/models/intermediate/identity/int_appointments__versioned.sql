{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{% set columns = [
    'booked_by', 'status', 'location_id', 'appointment_date', 'booked_at', 'starts_at'
] %}

with known as (
    select
        record_key,
        lead_id,
        {{ columns | join(',\n        ') }},
        coalesce(is_deleted, false) as is_deleted,
        known_at,
        appointment_id,
        _source,
        _file_sha256,
        _row_no
    from {{ ref('int_appointments__unfolded') }}
    where known_at <= {{ as_of() }} and {{ keys_of_touched_only(ref('int_appointments__unfolded'), ['_source', 'appointment_id']) }}
),

versions as (
    select *, greatest(booked_at, known_at) as effective_at
    from {{ versions('known', ['_source', 'appointment_id'], columns + ['lead_id', 'is_deleted']) }} as spanned
)

select
    versions.record_key,
    versions._source as source,
    versions.appointment_id,
    {% for column in columns %}
    versions.{{ column }},
    {% endfor %}
    versions.is_tied,
    versions.known_until = {{ end_of_time() }} as is_current,
    versions.known_at,
    versions.effective_at as valid_from,
    versions.known_until as valid_to
from versions
semi join {{ ref('int_records__versioned') }} as records on versions.record_key = records.record_key
where
    not versions.is_deleted
    and versions.effective_at < versions.known_until
    and versions.effective_at <= {{ as_of() }}
    and {{ touched_only('versions.record_key') }}
