{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  What the touches of rules with decay and `at_most` are worth at each moment that is not settled yet, exactly. Moments go
  into buckets of a hundred, and a touch is looked at in those buckets only in which it may count. `held` comes first, or a
  planner may pair all of a record's touches with all its moments.
#}
with moments as (
    select
        record_key,
        span_no,
        moment_micros,
        cast(floor(row_number() over (partition by record_key, span_no order by moment_micros) / 100) as bigint) as bucket_no
    from {{ ref('int_mql_moments__bounded') }}
    where {{ touched_only('record_key') }}
),

buckets as (
    select
        record_key, span_no, bucket_no, min(moment_micros) as first_micros, max(moment_micros) as last_micros
    from moments
    group by record_key, span_no, bucket_no
),

held as {{ worked_out_first() }} (
    select ranked.*, buckets.bucket_no, rules.points, rules.micro_points, rules.half_life_microseconds
    from {{ ref('int_touches__ranked') }} as ranked
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on
            ranked.criteria_version = rules.criteria_version
            and ranked.rule_id = rules.rule_id
            and rules.is_decaying
            and rules.touch_limit is not null
    inner join buckets
        on
            ranked.record_key = buckets.record_key
            and ranked.span_no = buckets.span_no
            and ranked.counts_from_micros <= buckets.last_micros
            and ranked.may_count_to_micros > buckets.first_micros
    where {{ touched_only('ranked.record_key') }}
),

counting as (
    select moments.moment_micros, held.*
    from moments
    inner join held
        on
            moments.record_key = held.record_key
            and moments.span_no = held.span_no
            and moments.bucket_no = held.bucket_no
            and moments.moment_micros >= held.counts_from_micros
            and moments.moment_micros < held.may_count_to_micros
    qualify row_number() over (
        partition by moments.record_key, moments.moment_micros, held.rule_id
        order by held.occurred_micros desc, held.touch_id desc, held.source desc
    ) <= held.touch_limit
)

select
    record_key,
    span_no,
    moment_micros,
    cast(
        sum({{ decayed_micro_points('counting', '(counting.moment_micros - counting.occurred_micros)') }}) as bigint
    ) as micro_points
from counting
group by record_key, span_no, moment_micros
