{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{% set later = 'partition by span_key, rule_no order by occurred_micros, touch_id, source, counts_from_micros' %}

select
    touches.*,
    row_number() over ({{ later }}) as place,
    sum(case when is_lasting then 1 else 0 end) over (
        {{ later }} rows between unbounded preceding and current row
    ) as lasting_place,
    min(counts_from_micros) over (
        {{ later }} rows between current row and unbounded following
    ) as one_from_here_comes_micros,
    max(case when is_lasting then counts_from_micros end) over (
        {{ later }} rows between unbounded preceding and current row
    ) as all_to_here_have_come_micros
from {{ ref('int_touches__matched') }} as touches
semi join {{ ref('int_mql_moments__found') }} as found on touches.span_key = found.span_key
where touches.touch_limit is not null and {{ touched_only('touches.record_key') }}
