{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{% set columns = [
    'kind', 'contact_channel', 'outcome', 'reason', 'staff_id', 'team_id', 'checklist', 'occurred_at'
] %}

with known as (
    select
        record_key,
        lead_id,
        {{ columns | join(',\n        ') }},
        coalesce(is_deleted, false) as is_deleted,
        known_at,
        event_id,
        _source,
        _file_sha256,
        _row_no
    from {{ ref('input__work_events') }}
    where known_at <= {{ as_of() }} and {{ keys_of_touched_only(ref('input__work_events'), ['_source', 'event_id']) }}
),

versions as (
    select *, greatest(occurred_at, known_at) as effective_at
    from {{ versions('known', ['_source', 'event_id'], columns + ['lead_id', 'is_deleted']) }} as spanned
)

select
    versions.record_key,
    versions._source as source,
    versions.event_id,
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
