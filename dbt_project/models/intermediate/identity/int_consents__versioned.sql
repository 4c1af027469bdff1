{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with known as (
    select
        record_key,
        purpose,
        channel,
        coalesce(channel, '') as channel_or_all,
        status,
        occurred_at,
        known_at,
        _source,
        _file_sha256,
        _row_no
    from {{ ref('input__consents') }}
    semi join {{ ref('int_records__versioned') }} as records using (record_key)
    where known_at <= {{ as_of() }} and {{ touched_only('record_key') }}
),

versions as (
    select *, greatest(occurred_at, known_at) as effective_at
    from {{ versions('known', ['record_key', 'purpose', 'channel_or_all', 'occurred_at'], ['status']) }} as spanned
)

select
    record_key,
    _source as source,
    purpose,
    channel,
    status,
    is_tied,
    known_until = {{ end_of_time() }} as is_current,
    occurred_at,
    known_at,
    effective_at as valid_from,
    known_until as valid_to
from versions
where effective_at < known_until and effective_at <= {{ as_of() }}
