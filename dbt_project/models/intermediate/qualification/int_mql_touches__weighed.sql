{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  Ranked touches as steps of running sums: how many count at most (`step`), and for rules with decay what those are worth
  that may count (upper) and that surely do (lower). The weight is what a touch would be worth at the beginning of its
  block. Blocks of 64 half-lives, which no touch outlives, keep every power within a double; a touch across a border is
  cut there.
#}
with touches as (
    select
        ranked.*,
        rules.points,
        rules.is_decaying,
        rules.half_life_microseconds,
        rules.block_micros,
        cast(floor(ranked.counts_from_micros / rules.block_micros) as bigint) as first_block
    from {{ ref('int_touches__ranked') }} as ranked
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules
        on ranked.criteria_version = rules.criteria_version and ranked.rule_no = rules.rule_no
    where ranked.counts_from_micros < ranked.may_count_to_micros and {{ touched_only('ranked.record_key') }}
),

cut as (
    select
        record_key,
        span_key,
        criteria_version,
        rule_no,
        block_no,
        greatest(counts_from_micros, block_no * block_micros) as from_micros,
        least(may_count_to_micros, (block_no + 1) * block_micros) as upper_to_micros,
        least(surely_counts_to_micros, (block_no + 1) * block_micros) as lower_to_micros,
        case
            when is_decaying
                then points * pow(2.0, (occurred_micros - block_no * block_micros) / half_life_microseconds)
            else 0.0
        end as weight
    from (
        select touches.*, touches.first_block + places.place as block_no
        from touches
        cross join (select 0 as place union all select 1 as place) as places
    ) as placed
    where block_no * block_micros < may_count_to_micros
),

steps as (
    select
        *, from_micros as moment_micros, 1 as step, weight as upper_step,
        case when from_micros < lower_to_micros then weight else 0.0 end as lower_step
    from cut
    union all
    select
        *, upper_to_micros as moment_micros, -1, -weight,
        case when from_micros < lower_to_micros and lower_to_micros = upper_to_micros then -weight else 0.0 end
    from cut
    union all
    select *, lower_to_micros as moment_micros, 0, 0.0, -weight
    from cut
    where from_micros < lower_to_micros and lower_to_micros < upper_to_micros and weight > 0
)

select record_key, span_key, criteria_version, rule_no, block_no, moment_micros, step, upper_step, lower_step
from steps
