{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  Of the candidate moments those where points can rise (a matching touch or a fitting value comes, or the span begins)
  and the requirement could hold if no touch had decayed: per rule no more than `at_most` of the touches that count then.
#}
with spans as (
    select * from {{ ref('int_mql_spans__hopeful') }} where {{ touched_only('record_key') }}
),

touches as (
    select touches.span_key, touches.criteria_version, touches.rule_no, touches.counts_from_micros, touches.counts_to_micros
    from {{ ref('int_touches__matched') }} as touches
    semi join spans on touches.span_key = spans.span_key
    where {{ touched_only('touches.record_key') }}
),

-- Rows of one moment may come in any order: the changes of all of them add up to the same.
counted as (
    select
        *,
        sum(step) over (
            partition by span_key, rule_no order by moment_micros rows between unbounded preceding and current row
        ) as touch_count
    from (
        select span_key, criteria_version, rule_no, counts_from_micros as moment_micros, 1 as step from touches
        union all
        select span_key, criteria_version, rule_no, counts_to_micros as moment_micros, -1 as step from touches
    ) as steps
),

changes as (
    select
        counted.span_key,
        counted.moment_micros,
        counted.step > 0 as is_candidate,
        rules.micro_points * (
            least(counted.touch_count, coalesce(rules.touch_limit, counted.touch_count))
            - least(counted.touch_count - counted.step, coalesce(rules.touch_limit, counted.touch_count - counted.step))
        ) as change
    from counted
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on counted.criteria_version = rules.criteria_version and counted.rule_no = rules.rule_no
    union all
    select span_key, {{ epoch_micros('valid_from') }}, true, 0 from spans
    union all
    select spans.span_key, {{ epoch_micros('judged.valid_from') }}, true, 0
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
        span_key,
        moment_micros,
        is_candidate,
        sum(change) over (partition by span_key order by moment_micros) as most_micro_points
    from changes
)

select distinct spans.record_key, spans.span_no, spans.span_key, summed.moment_micros
from summed
inner join spans on summed.span_key = spans.span_key
inner join {{ ref('input__criteria_versions') }} as versions on spans.criteria_version = versions.criteria_version
where summed.is_candidate and {{ requirement_holds('versions', 'spans.fit_most_micro_points', 'summed.most_micro_points') }}
