{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with spans as (
    select * from {{ ref('int_record_criteria__spanned') }} where {{ touched_only('record_key') }}
),

effective as (
    select record_key, valid_from as effective_at from {{ ref('int_touches__owned') }}
    where {{ touched_only('record_key') }}
    union all
    select record_key, valid_from as effective_at from {{ ref('int_attributes__versioned') }}
    where {{ touched_only('record_key') }}
),

moments as (
    select spans.record_key, spans.span_no, spans.valid_from as moment from spans
    union all
    select spans.record_key, spans.span_no, max(effective.effective_at) as moment
    from spans
    inner join effective
        on
            spans.record_key = effective.record_key
            and spans.valid_from < effective.effective_at
            and spans.valid_to > effective.effective_at
    group by spans.record_key, spans.span_no
)

select record_key, span_no, moment, {{ epoch_micros('moment') }} as moment_micros
from moments
qualify row_number() over (partition by record_key order by moment desc) = 1
