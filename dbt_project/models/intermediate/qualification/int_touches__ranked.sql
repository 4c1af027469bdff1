{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  Of a rule with `at_most` k only the k latest touches count. When an older one leaves them is not known without looking
  at every later one, but it lies between two moments that two passes over the ordered touches give:
  it is in as long as only the k-1 next ones can have come, and out when k later ones that stay have come.
#}
{% set keys = 'record_key, span_no, rule_id' %}
{% set nearby = 32 %}

with matched as (
    select * from {{ ref('int_touches__matched') }}
    where {{ touched_only('record_key') }}
),

numbered as (
    select
        *,
        row_number() over (partition by {{ keys }} order by occurred_micros, touch_id, source, counts_from_micros) as place,
        sum(case when is_lasting then 1 else 0 end) over (
            partition by {{ keys }}
            order by occurred_micros, touch_id, source, counts_from_micros
            rows between unbounded preceding and current row
        ) as lasting_place
    from matched
    where touch_limit is not null
),

soonest as (
    select
        {{ keys }},
        place,
        min(counts_from_micros) over (
            partition by {{ keys }} order by place rows between current row and unbounded following
        ) as one_from_here_comes_micros
    from numbered
),

latest as (
    select
        {{ keys }},
        lasting_place,
        touch_limit,
        max(counts_from_micros) over (
            partition by {{ keys }} order by lasting_place rows between {{ nearby - 1 }} preceding and current row
        ) as nearby_have_come_micros,
        max(counts_from_micros) over (
            partition by {{ keys }} order by lasting_place rows between unbounded preceding and current row
        ) as all_have_come_micros
    from numbered
    where is_lasting
),

capped as (
    select
        numbered.* except (place, lasting_place),
        least(
            numbered.counts_to_micros,
            coalesce(
                case
                    when numbered.touch_limit <= {{ nearby }} then latest.nearby_have_come_micros
                    else latest.all_have_come_micros
                end,
                numbered.counts_to_micros
            )
        ) as may_count_to_micros,
        least(
            numbered.counts_to_micros, coalesce(soonest.one_from_here_comes_micros, numbered.counts_to_micros)
        ) as surely_counts_to_micros
    from numbered
    left join latest
        on
            numbered.record_key = latest.record_key
            and numbered.span_no = latest.span_no
            and numbered.rule_id = latest.rule_id
            and latest.lasting_place = numbered.lasting_place + numbered.touch_limit
    left join soonest
        on
            numbered.record_key = soonest.record_key
            and numbered.span_no = soonest.span_no
            and numbered.rule_id = soonest.rule_id
            and soonest.place = numbered.place + numbered.touch_limit
)

select * from capped
union all
select *, counts_to_micros as may_count_to_micros, counts_to_micros as surely_counts_to_micros
from matched
where touch_limit is null
