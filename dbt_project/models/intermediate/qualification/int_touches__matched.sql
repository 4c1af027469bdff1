{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with touches as (
    select
        record_key,
        source,
        touch_id,
        {{ touch_texts() }},
        occurred_at,
        valid_from,
        valid_to
    from {{ ref('int_touches__owned') }} as owned
    where
        {{ trimmed('owned.signal') }} in (
            select rules.name from {{ ref('int_behaviour_rules__blocked') }} as rules
        )
        and {{ touched_only('record_key') }}
),

-- Each touch finds its record's spans first: by signal alone it would meet the rules of every service line.
placed as {{ worked_out_first() }} (
    select
        touches.*,
        spans.span_no,
        spans.span_key,
        spans.criteria_version,
        spans.valid_from as span_from,
        spans.valid_to as span_to
    from touches
    inner join {{ ref('int_record_criteria__spanned') }} as spans
        on
            touches.record_key = spans.record_key
            and touches.valid_from < spans.valid_to
            and touches.valid_to > spans.valid_from
            and {{ lines_agree('touches.service_line', 'spans.service_line') }}
),

matched as (
    select
        placed.record_key,
        placed.span_no,
        placed.span_key,
        placed.criteria_version,
        rules.rule_id,
        rules.rule_no,
        placed.source,
        placed.touch_id,
        placed.valid_to >= placed.span_to as is_lasting,
        rules.touch_limit,
        {{ epoch_micros('placed.occurred_at') }} as occurred_micros,
        {{ epoch_micros('placed.valid_from') }} as effective_micros,
        {{ epoch_micros('greatest(placed.valid_from, placed.span_from)') }} as counts_from_micros,
        {{ epoch_micros('least(placed.valid_to, placed.span_to)') }} as holds_until_micros,
        -- After 64 half-lives nothing is left of any number of points a rule may give.
        least(
            rules.within_microseconds,
            cast(ceil(least(64.0 * rules.half_life_microseconds, 4e17)) as bigint)
        ) as lasts_micros
    from placed
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on placed.criteria_version = rules.criteria_version and placed.signal = rules.name
    where {{ touch_meets('rules', 'placed') }}
),

ended as (
    select
        *,
        least(holds_until_micros, coalesce(occurred_micros + lasts_micros, holds_until_micros)) as counts_to_micros
    from matched
)

select
    record_key,
    span_no,
    span_key,
    criteria_version,
    rule_id,
    rule_no,
    source,
    touch_id,
    is_lasting,
    touch_limit,
    occurred_micros,
    effective_micros,
    counts_from_micros,
    counts_to_micros
from ended
where counts_from_micros < counts_to_micros
