{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  Of a rule with `at_most` k only the k latest touches count. When an older one leaves them is the moment at which the
  k-th of all later ones comes. Bounds of it cost two passes over the ordered touches: it is in as long as only the k-1
  next ones can have come, and out when k later ones that stay have come. Where touches come in order the two are one;
  where they do not, the k-th to come of the next few narrows it.
#}
{% set few = 128 %}
{% set group = ['span_key', 'rule_no'] %}

with numbered as (
    select * from {{ ref('int_touches__numbered') }} where {{ touched_only('record_key') }}
),

bounded as (
    select
        numbered.*,
        least(
            numbered.counts_to_micros, coalesce(latest.all_to_here_have_come_micros, numbered.counts_to_micros)
        ) as may_count_to_micros,
        least(
            numbered.counts_to_micros, coalesce(soonest.one_from_here_comes_micros, numbered.counts_to_micros)
        ) as surely_counts_to_micros
    from numbered
    left join numbered as latest
        on
            {% for key in group %}numbered.{{ key }} = latest.{{ key }} and {% endfor %}
            latest.is_lasting
            and latest.lasting_place = numbered.lasting_place + numbered.touch_limit
    left join numbered as soonest
        on
            {% for key in group %}numbered.{{ key }} = soonest.{{ key }} and {% endfor %}
            soonest.place = numbered.place + numbered.touch_limit
),

loose as (
    select bounded.*, cast(floor(lasting_place / {{ few }}) as bigint) + blocks.block_no as block_no
    from bounded
    cross join (select 0 as block_no union all select 1 as block_no) as blocks
    where
        counts_from_micros < may_count_to_micros
        and surely_counts_to_micros < may_count_to_micros
        and touch_limit <= {{ few }}
),

nearer as (
    select {% for key in group %}loose.{{ key }}, {% endfor %}loose.place, near.counts_from_micros as may_count_to_micros
    from loose
    inner join (
        select *, cast(floor(lasting_place / {{ few }}) as bigint) as block_no from numbered where is_lasting
    ) as near
        on
            {% for key in group %}loose.{{ key }} = near.{{ key }} and {% endfor %}
            loose.block_no = near.block_no
            and near.lasting_place > loose.lasting_place
            and near.lasting_place <= loose.lasting_place + {{ few }}
    qualify row_number() over (
        partition by {% for key in group %}loose.{{ key }}, {% endfor %}loose.place
        order by near.counts_from_micros, near.lasting_place
    ) = loose.touch_limit
),

narrowed as (
    select
        bounded.* exclude (
            place, lasting_place, one_from_here_comes_micros, all_to_here_have_come_micros, may_count_to_micros,
            surely_counts_to_micros
        ),
        least(bounded.may_count_to_micros, coalesce(nearer.may_count_to_micros, bounded.may_count_to_micros))
            as may_count_to_micros,
        bounded.surely_counts_to_micros
    from bounded
    left join nearer
        on
            {% for key in group %}bounded.{{ key }} = nearer.{{ key }} and {% endfor %}
            bounded.place = nearer.place
)

select * from narrowed
union all
select touches.*, counts_to_micros as may_count_to_micros, counts_to_micros as surely_counts_to_micros
from {{ ref('int_touches__matched') }} as touches
semi join (
    select span_key from {{ ref('int_mql_moments__found') }} where {{ touched_only('record_key') }}
) as found on touches.span_key = found.span_key
anti join numbered on touches.span_key = numbered.span_key and touches.rule_no = numbered.rule_no
where {{ touched_only('touches.record_key') }}
