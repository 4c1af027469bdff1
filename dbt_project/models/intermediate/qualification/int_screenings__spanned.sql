{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with screenings as (
    select record_key, source, event_id, {{ trimmed('outcome') }} as outcome, occurred_at, known_at, valid_from, valid_to
    from {{ ref('int_work_events__versioned') }}
    where
        kind = 'screening'
        and {{ trimmed('outcome') }} in ('qualified', 'not_qualified')
        and {{ touched_only('record_key') }}
)

select record_key, source, event_id, outcome, occurred_at, known_at, valid_from, valid_to
from {{ stretches('screenings', ['source', 'event_id', 'outcome']) }} as spanned
