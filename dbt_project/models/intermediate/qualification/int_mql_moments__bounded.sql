{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

{#
  The moments at which the requirement could hold, up to the first at which it surely does.
#}
with behaviour as (
    select * from {{ ref('int_mql_behaviour__bounded') }} where {{ touched_only('record_key') }}
),

spans as (
    select spans.*
    from {{ ref('int_record_criteria__spanned') }} as spans
    semi join behaviour on spans.record_key = behaviour.record_key and spans.span_no = behaviour.span_no
),

fit_steps as (
    select behaviour.record_key, behaviour.span_no, behaviour.moment_micros, 0 as micro_points from behaviour
    union all
    {% for sign, moment in [('', 'judged.valid_from'), ('-', 'judged.valid_to')] %}
    select
        spans.record_key,
        spans.span_no,
        {{ epoch_micros(moment) }} as moment_micros,
        {{ sign }}judged.micro_points as micro_points
    from spans
    inner join {{ ref('int_attribute_rules__judged') }} as judged
        on
            spans.record_key = judged.record_key
            and spans.criteria_version = judged.criteria_version
            and judged.section = 'fit'
            and judged.is_satisfied
    {{ "union all" if not loop.last }}
    {% endfor %}
),

fit as (
    select distinct
        record_key,
        span_no,
        moment_micros,
        sum(micro_points) over (partition by record_key, span_no order by moment_micros) as micro_points
    from fit_steps
),

judged as (
    select
        behaviour.record_key,
        behaviour.span_no,
        behaviour.moment_micros,
        spans.criteria_version,
        fit.micro_points as fit_micro_points,
        behaviour.least_micro_points,
        behaviour.most_micro_points,
        {{ requirement_holds(
            'versions', 'fit.micro_points', '(behaviour.most_micro_points + behaviour.swapping_most_micro_points)'
        ) }} as could_hold,
        {{ requirement_holds(
            'versions', 'fit.micro_points', '(behaviour.least_micro_points + behaviour.swapping_least_micro_points)'
        ) }} as surely_holds
    from behaviour
    inner join spans on behaviour.record_key = spans.record_key and behaviour.span_no = spans.span_no
    inner join {{ ref('input__criteria_versions') }} as versions on spans.criteria_version = versions.criteria_version
    inner join fit
        on
            behaviour.record_key = fit.record_key
            and behaviour.span_no = fit.span_no
            and behaviour.moment_micros = fit.moment_micros
),

sure as (
    select record_key, min(moment_micros) as first_sure_micros
    from judged
    where surely_holds
    group by record_key
)

select
    judged.record_key,
    judged.span_no,
    judged.criteria_version,
    judged.fit_micro_points,
    judged.least_micro_points,
    judged.most_micro_points,
    judged.moment_micros
from judged
left join sure on judged.record_key = sure.record_key
where
    judged.could_hold
    and (sure.first_sure_micros is null or judged.moment_micros <= sure.first_sure_micros)
