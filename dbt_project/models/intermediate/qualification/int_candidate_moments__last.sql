{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with spans as (
    select * from {{ ref('int_record_criteria__spanned') }} where {{ touched_only('record_key') }}
),

moments as (
    select spans.record_key, spans.span_no, spans.valid_from as moment from spans
    union all
    select record_key, span_no, last_effective_at as moment
    from {{ ref('int_span_touches__found') }}
    where {{ touched_only('record_key') }}
    union all
    select spans.record_key, spans.span_no, max(attributes.valid_from) as moment
    from spans
    inner join {{ ref('int_attributes__versioned') }} as attributes
        on
            spans.record_key = attributes.record_key
            and spans.valid_from < attributes.valid_from
            and spans.valid_to > attributes.valid_from
    group by spans.record_key, spans.span_no
)

select record_key, span_no, moment, {{ epoch_micros('moment') }} as moment_micros
from moments
qualify row_number() over (partition by record_key order by moment desc) = 1
