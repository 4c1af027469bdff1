{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  How many readiness items of a span's version stand, as steps: parts that begin or end to stand, by running sums, are
  parts standing or not; an item stands while all of its parts do.
#}
{% set part = 'span_key, rule_id, part_no, part_count' %}
{% set item = 'span_key, rule_id, part_count' %}

with spans as (
    select * from {{ ref('int_record_criteria__spanned') }} where {{ touched_only('record_key') }}
),

steps as (
    {% for step, moment in [(1, 'parts.valid_from'), (-1, 'parts.valid_to')] %}
    select
        spans.span_key,
        parts.rule_id,
        parts.part_no,
        parts.part_count,
        {{ step }} as step,
        {{ moment }} as moment
    from spans
    inner join {{ ref('int_readiness_parts__fired') }} as parts
        on
            spans.record_key = parts.record_key
            and spans.criteria_version = parts.criteria_version
            and {{ lines_agree('parts.touch_service_line', 'spans.service_line') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

counted as (
    select {{ part }}, moment, sum(sum(step)) over (partition by {{ part }} order by moment) as standing_count
    from steps
    group by {{ part }}, moment
),

part_steps as (
    select
        {{ item }},
        moment,
        case when standing_count > 0 then 1 else 0 end
        - lag(case when standing_count > 0 then 1 else 0 end, 1, 0) over (partition by {{ part }} order by moment) as step
    from counted
),

part_counts as (
    select {{ item }}, moment, sum(sum(step)) over (partition by {{ item }} order by moment) as standing_count
    from part_steps
    group by {{ item }}, moment
),

item_steps as (
    select
        span_key,
        moment,
        case when standing_count = part_count then 1 else 0 end
        - lag(case when standing_count = part_count then 1 else 0 end, 1, 0) over (
            partition by {{ item }} order by moment
        ) as step
    from part_counts
)

select spans.record_key, spans.span_no, spans.span_key, item_steps.moment, cast(sum(item_steps.step) as bigint) as step
from item_steps
inner join spans on item_steps.span_key = spans.span_key
group by spans.record_key, spans.span_no, spans.span_key, item_steps.moment
