{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  Of the candidate moments those where points can rise (a matching touch or a fitting value comes, or the span begins)
  and the requirement could hold by a rough bound: two half-lives after it occurred a touch is worth a quarter, until
  then all; and a rule gives no more than `at_most` whole touches.
#}
with spans as (
    select * from {{ ref('int_mql_spans__hopeful') }} where {{ touched_only('record_key') }}
),

touches as (
    select
        touches.span_key,
        touches.rule_no,
        touches.counts_from_micros,
        touches.counts_to_micros,
        rules.micro_points,
        rules.touch_limit * rules.micro_points as rule_limit,
        case
            when touches.occurred_micros + 2 * rules.half_life_microseconds < touches.counts_to_micros
                then greatest(
                    touches.counts_from_micros,
                    touches.occurred_micros + cast(ceil(2 * rules.half_life_microseconds) as bigint)
                )
        end as fades_micros,
        -- One more than a quarter, for what is rounded.
        cast(floor(rules.micro_points / 4) as bigint) + 1 as quarter
    from {{ ref('int_touches__matched') }} as touches
    semi join spans on touches.span_key = spans.span_key
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on touches.criteria_version = rules.criteria_version and touches.rule_no = rules.rule_no
    where {{ touched_only('touches.record_key') }}
),

steps as (
    select span_key, rule_no, rule_limit, counts_from_micros as moment_micros, micro_points as step, true as is_candidate
    from touches
    union all
    select span_key, rule_no, rule_limit, fades_micros, quarter - micro_points, false
    from touches
    where fades_micros is not null
    union all
    select span_key, rule_no, rule_limit, counts_to_micros, case when fades_micros is null then -micro_points else -quarter end, false
    from touches
),

-- Rows of one moment may come in any order: the changes of all of them add up to the same.
counted as (
    select
        *,
        sum(step) over (
            partition by span_key, rule_no order by moment_micros rows between unbounded preceding and current row
        ) as worth
    from steps
),

changes as (
    select
        span_key,
        moment_micros,
        is_candidate,
        least(worth, coalesce(rule_limit, worth)) - least(worth - step, coalesce(rule_limit, worth - step)) as change
    from counted
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
