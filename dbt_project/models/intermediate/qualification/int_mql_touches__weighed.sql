{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  Ranked touches as steps of a running sum: from when to when each counts at most (is_upper) and, for
  a rule with decay, surely. The weight is what a decaying touch would be worth at the beginning of its block. Blocks of
  64 half-lives, which no touch outlives, keep every power within a double; a touch across a border is cut there.
#}
with bounds as (
    select ranked.*, bounds.is_upper, rules.block_micros, rules.is_decaying, rules.half_life_microseconds, rules.points,
        case when bounds.is_upper then may_count_to_micros else surely_counts_to_micros end as to_micros
    from {{ ref('int_touches__ranked') }} as ranked
    inner join {{ ref('int_behaviour_rules__blocked') }} as rules on ranked.criteria_version = rules.criteria_version and ranked.rule_id = rules.rule_id
    cross join (select true as is_upper union all select false as is_upper) as bounds
    where (bounds.is_upper or rules.is_decaying) and {{ touched_only('ranked.record_key') }}
),

cut as (
    select bounds.*, first_block + cuts.place as block_no
    from (select *, cast(floor(counts_from_micros / block_micros) as bigint) as first_block from bounds) as bounds
    cross join (select 0 as place union all select 1 as place) as cuts
    where counts_from_micros < to_micros and (first_block + cuts.place) * block_micros < to_micros
)

select
    record_key,
    span_no,
    criteria_version,
    rule_id,
    block_no,
    is_upper,
    greatest(counts_from_micros, block_no * block_micros) as from_micros,
    least(to_micros, (block_no + 1) * block_micros) as to_micros,
    case
        when is_decaying
            then points * pow(2.0, (occurred_micros - block_no * block_micros) / half_life_microseconds)
        else 0.0
    end as weight
from cut
