{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  The moments at which a row of the record took effect, as far as rule 7 needs them. A touch changes no eligibility, so
  of touches only those matter that come first in a span, make the lead an MQL (they match then, or come where the span
  begins) or fire a part of a readiness item.
#}
with spans as (
    select * from {{ ref('int_record_criteria__spanned') }} where {{ touched_only('record_key') }}
),

moments as (
    select record_key, effective_at as moment from spans
    union
    select record_key, first_effective_at as moment
    from {{ ref('int_span_touches__found') }}
    where {{ touched_only('record_key') }}
    union
    select decided.record_key, decided.decided_at as moment
    from {{ ref('int_mql_records__decided') }} as decided
    semi join {{ ref('int_touches__matched') }} as touches
        on decided.record_key = touches.record_key and decided.decided_micros = touches.effective_micros
    where decided.qualifies and {{ touched_only('decided.record_key') }}
    {% for table in ['int_touch_parts__fired', 'int_records__versioned', 'int_attributes__versioned', 'int_work_events__versioned', 'int_appointments__versioned'] %}
    union
    select record_key, valid_from as moment from {{ ref(table) }} where {{ touched_only('record_key') }}
    {% endfor %}
)

select spans.record_key, spans.span_no, spans.span_key, moments.moment
from moments
inner join spans
    on
        moments.record_key = spans.record_key
        and moments.moment >= spans.valid_from
        and moments.moment < spans.valid_to
