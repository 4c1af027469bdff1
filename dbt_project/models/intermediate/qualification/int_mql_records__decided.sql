{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with moments as (
    select record_key, span_no, moment_micros, bool_or(is_last) as is_last
    from {{ ref('int_mql_moments__narrowed') }}
    where {{ touched_only('record_key') }}
    group by record_key, span_no, moment_micros
),

placed as (
    select
        moments.*,
        spans.criteria_version,
        {{ from_micros('moments.moment_micros') }} as moment
    from moments
    inner join {{ ref('int_record_criteria__spanned') }} as spans
        on moments.record_key = spans.record_key and moments.span_no = spans.span_no
),

fit as (
    select placed.record_key, placed.moment_micros, sum(judged.micro_points) as micro_points
    from placed
    inner join {{ ref('int_attribute_rules__judged') }} as judged
        on
            placed.record_key = judged.record_key
            and placed.criteria_version = judged.criteria_version
            and judged.section = 'fit'
            and judged.is_satisfied
            and judged.valid_from <= placed.moment
            and judged.valid_to > placed.moment
    group by placed.record_key, placed.moment_micros
),

behaviour as (
    select record_key, moment_micros, sum(micro_points) as micro_points
    from {{ ref('int_mql_touches__counted') }}
    where {{ touched_only('record_key') }}
    group by record_key, moment_micros
),

counted as (
    select
        placed.record_key,
        placed.criteria_version,
        placed.moment,
        placed.moment_micros,
        placed.is_last,
        versions.* exclude (criteria_version),
        cast(coalesce(fit.micro_points, 0) as bigint) as fit_micro_points,
        cast(coalesce(behaviour.micro_points, 0) as bigint) as behaviour_micro_points
    from placed
    inner join {{ ref('input__criteria_versions') }} as versions on placed.criteria_version = versions.criteria_version
    left join fit on placed.record_key = fit.record_key and placed.moment_micros = fit.moment_micros
    left join behaviour on placed.record_key = behaviour.record_key and placed.moment_micros = behaviour.moment_micros
),

answered as (
    select
        *,
        {{ requirement_holds('counted', 'counted.fit_micro_points', 'counted.behaviour_micro_points') }} as qualifies
    from counted
)

select
    record_key,
    criteria_version,
    qualifies,
    fit_micro_points,
    behaviour_micro_points,
    moment as decided_at,
    moment_micros as decided_micros
from answered
where qualifies or is_last
qualify row_number() over (partition by record_key order by qualifies desc, moment_micros) = 1
