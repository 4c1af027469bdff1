{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- Of the candidate moments those where points can rise: a matching touch or a fitting value comes, or the span begins.
with spans as (
    select * from {{ ref('int_mql_spans__hopeful') }}
    where {{ touched_only('record_key') }}
)

select touches.record_key, touches.span_no, touches.counts_from_micros as moment_micros
from {{ ref('int_touches__matched') }} as touches
semi join spans on touches.record_key = spans.record_key and touches.span_no = spans.span_no

union

select spans.record_key, spans.span_no, {{ epoch_micros('spans.valid_from') }} as moment_micros
from spans

union

select spans.record_key, spans.span_no, {{ epoch_micros('judged.valid_from') }} as moment_micros
from spans
inner join {{ ref('int_attribute_rules__judged') }} as judged
    on
        spans.record_key = judged.record_key
        and spans.criteria_version = judged.criteria_version
        and judged.section = 'fit'
        and judged.is_satisfied
        and judged.valid_from > spans.valid_from
        and judged.valid_from < spans.valid_to
