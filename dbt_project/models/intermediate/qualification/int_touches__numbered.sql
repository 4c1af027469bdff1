{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{% set later = 'partition by span_key, rule_no order by occurred_micros, touch_id, source, counts_from_micros' %}

with found as (
    select distinct span_key from {{ ref('int_mql_moments__found') }} where {{ touched_only('record_key') }}
),

-- Where no more touches match than may count none ever takes another's place.
crowded as (
    select touches.span_key, touches.rule_no
    from {{ ref('int_touches__matched') }} as touches
    semi join found on touches.span_key = found.span_key
    where touches.touch_limit is not null and {{ touched_only('touches.record_key') }}
    group by touches.span_key, touches.rule_no, touches.touch_limit
    having count(*) > touches.touch_limit
)

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
semi join crowded on touches.span_key = crowded.span_key and touches.rule_no = crowded.rule_no
where {{ touched_only('touches.record_key') }}
