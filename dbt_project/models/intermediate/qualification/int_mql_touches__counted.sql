{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  A moment may be listed twice (undecided, and the last one): it is counted once. Touches of undecided moments are ranked;
  of a span nobody hoped for only the last moment is asked.
#}
{% set wanted = [
    'record_key', 'span_no', 'criteria_version', 'rule_id', 'source', 'touch_id', 'touch_limit', 'occurred_micros',
    'effective_micros'
] %}

with moments as (
    select record_key, span_no, moment_micros, bool_and(is_last) as is_only_last
    from {{ ref('int_mql_moments__narrowed') }}
    where {{ touched_only('record_key') }}
    group by record_key, span_no, moment_micros
),

near as (
    {% for table, until, only in [('int_touches__ranked', 'may_count_to_micros', 'not '), ('int_touches__matched', 'counts_to_micros', '')] %}
    select moments.moment_micros, touches.{{ wanted | join(', touches.') }}
    from moments
    inner join {{ ref(table) }} as touches
        on
            moments.record_key = touches.record_key
            and moments.span_no = touches.span_no
            and moments.moment_micros >= touches.counts_from_micros
            and moments.moment_micros < touches.{{ until }}
    where {{ only }}moments.is_only_last and {{ touched_only('touches.record_key') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

counting as (
    select
        near.*,
        row_number() over (
            partition by record_key, moment_micros, rule_id order by occurred_micros desc, touch_id desc, source desc
        ) as place
    from near
    qualify touch_limit is null or place <= touch_limit
)

select
    counting.record_key,
    counting.span_no,
    counting.rule_id,
    counting.source,
    counting.touch_id,
    counting.moment_micros,
    counting.occurred_micros,
    counting.effective_micros,
    {{ decayed_micro_points('rules', '(counting.moment_micros - counting.occurred_micros)') }} as micro_points
from counting
inner join {{ ref('input__criteria_rules') }} as rules
    on
        counting.criteria_version = rules.criteria_version
        and rules.section = 'behaviour'
        and counting.rule_id = rules.rule_id
