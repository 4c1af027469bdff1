{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  The few moments left at which all points must be counted touch by touch: those at which the requirement could hold by
  what is known so far, up to the first at which it surely does. A record that surely qualifies nowhere is counted at its
  last candidate moment too, which is the one its answer is given for.
#}
with moments as (
    select
        bounded.record_key,
        bounded.span_no,
        bounded.criteria_version,
        bounded.moment_micros,
        bounded.fit_micro_points,
        bounded.least_micro_points + coalesce(swaps.micro_points, 0) as least_micro_points,
        bounded.most_micro_points + coalesce(swaps.micro_points, 0) as most_micro_points
    from {{ ref('int_mql_moments__bounded') }} as bounded
    left join {{ ref('int_mql_swaps__counted') }} as swaps
        on
            bounded.record_key = swaps.record_key
            and bounded.span_no = swaps.span_no
            and bounded.moment_micros = swaps.moment_micros
    where {{ touched_only('bounded.record_key') }}
),

judged as (
    select
        moments.record_key,
        moments.span_no,
        moments.moment_micros,
        {{ requirement_holds('versions', 'moments.fit_micro_points', 'moments.most_micro_points') }} as could_hold,
        {{ requirement_holds('versions', 'moments.fit_micro_points', 'moments.least_micro_points') }} as surely_holds
    from moments
    inner join {{ ref('input__criteria_versions') }} as versions on moments.criteria_version = versions.criteria_version
),

sure as (
    select record_key, min(moment_micros) as first_sure_micros
    from judged
    where surely_holds
    group by record_key
)

select judged.record_key, judged.span_no, judged.moment_micros, false as is_last
from judged
left join sure on judged.record_key = sure.record_key
where
    judged.could_hold
    and (sure.first_sure_micros is null or judged.moment_micros <= sure.first_sure_micros)

union all

select candidates.record_key, candidates.span_no, candidates.moment_micros, true as is_last
from {{ ref('int_candidate_moments__last') }} as candidates
anti join sure on candidates.record_key = sure.record_key
where {{ touched_only('candidates.record_key') }}
