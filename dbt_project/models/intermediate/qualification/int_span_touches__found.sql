{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- The one pass over all touches, matching or not: of each span the first and the last moment at which one took effect.
select
    spans.record_key,
    spans.span_no,
    min(touches.valid_from) as first_effective_at,
    max(touches.valid_from) as last_effective_at
from {{ ref('int_touches__owned') }} as touches
inner join {{ ref('int_record_criteria__spanned') }} as spans
    on
        touches.record_key = spans.record_key
        and touches.valid_from >= spans.valid_from
        and touches.valid_from < spans.valid_to
where {{ touched_only('touches.record_key') }}
group by spans.record_key, spans.span_no
