{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  Of the candidate moments those where points can rise (a matching touch or a fitting value comes, or the span begins)
  and the requirement could hold if no touch had decayed: per rule no more than `at_most` of the touches that count then.
#}
{% set rule = 'record_key, span_no, criteria_version, rule_id' %}

with spans as (
    select * from {{ ref('int_mql_spans__hopeful') }} where {{ touched_only('record_key') }}
),

touches as (
    select touches.record_key, touches.span_no, touches.criteria_version, touches.rule_id, touches.counts_from_micros, touches.counts_to_micros
    from {{ ref('int_touches__matched') }} as touches
    semi join spans on touches.record_key = spans.record_key and touches.span_no = spans.span_no
),

counted as (
    select
        {{ rule }},
        moment_micros,
        bool_or(step > 0) as is_candidate,
        sum(sum(step)) over (partition by {{ rule }} order by moment_micros) as touch_count
    from (
        select {{ rule }}, counts_from_micros as moment_micros, 1 as step from touches
        union all
        select {{ rule }}, counts_to_micros as moment_micros, -1 as step from touches
    ) as steps
    group by {{ rule }}, moment_micros
),

worth as (
    select
        counted.*,
        least(counted.touch_count, coalesce(rules.touch_limit, counted.touch_count)) * rules.micro_points as micro_points
    from counted
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on counted.criteria_version = rules.criteria_version and counted.rule_id = rules.rule_id
),

changes as (
    select
        record_key,
        span_no,
        moment_micros,
        is_candidate,
        micro_points - lag(micro_points, 1, 0) over (partition by {{ rule }} order by moment_micros) as change
    from worth
    union all
    select record_key, span_no, {{ epoch_micros('valid_from') }}, true, 0 from spans
    union all
    select spans.record_key, spans.span_no, {{ epoch_micros('judged.valid_from') }}, true, 0
    from spans
    inner join {{ ref('int_attribute_rules__judged') }} as judged
        on
            spans.record_key = judged.record_key
            and spans.criteria_version = judged.criteria_version
            and judged.section = 'fit'
            and judged.is_satisfied
            and judged.valid_from > spans.valid_from
            and judged.valid_from < spans.valid_to
),

summed as (
    select
        record_key,
        span_no,
        moment_micros,
        bool_or(is_candidate) as is_candidate,
        sum(sum(change)) over (partition by record_key, span_no order by moment_micros) as most_micro_points
    from changes
    group by record_key, span_no, moment_micros
)

select summed.record_key, summed.span_no, summed.moment_micros
from summed
inner join spans on summed.record_key = spans.record_key and summed.span_no = spans.span_no
inner join {{ ref('input__criteria_versions') }} as versions on spans.criteria_version = versions.criteria_version
where summed.is_candidate and {{ requirement_holds('versions', 'spans.fit_most_micro_points', 'summed.most_micro_points') }}
