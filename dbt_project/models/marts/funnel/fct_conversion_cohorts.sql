{% set key = ['dimension', 'dimension_value', 'cohort_month', 'step'] %}
{% set ages = var('conversion_ages_days') ~ ' + 1' %}

-- Ages are days of 24 hours that have begun: an age is over when it counts, and what comes in a day not yet over waits.
with aged as (
    select
        steps.*,
        substr(cast(cohort_date as varchar), 1, 7) as cohort_month,
        {{ full_days('entered_at', as_of()) }} as followed_days,
        case when observed_from is null then 0 else {{ begun_days('entered_at', 'observed_from') }} + 1 end as first_age,
        {{ begun_days('entered_at', 'converted_at') }} as converted_age,
        {{ begun_days('entered_at', 'left_at') }} as left_age
    from {{ conversion_steps() }} as steps
),

-- Who had left before the next stage was observed was never watched.
lives as (
    select
        aged.*,
        least(followed_days, converted_age, left_age) as last_age,
        first_age <= least(followed_days, converted_age, left_age) as is_watched,
        coalesce(converted_age <= followed_days, false) as is_converted,
        coalesce(left_age <= followed_days, false) as is_out
    from aged
),

-- What changes at an age, one row per lead and age: all enter at 0, and most are watched from there.
changes as (
    select
        lives.*,
        0 as age_days, 1 as entered, followed_days as seen_days,
        case when first_age = 0 then 1 else 0 end as followed, case when first_age = 0 then 1 else 0 end as watched,
        0 as no_longer_followed, 0 as converted, 0 as competing, 0 as censored
    from lives
    union all
    select *, first_age, 0, 0, 1, 1, 0, 0, 0, 0
    from lives
    where first_age > 0 and is_watched and first_age < {{ ages }}
    union all
    select *, followed_days, 0, 0, 0, 0, 1, 0, 0, 0
    from lives
    where is_watched and followed_days < {{ ages }}
    union all
    select
        *, last_age, 0, 0, 0, 0, 0,
        case when is_converted then 1 else 0 end, case when is_out then 1 else 0 end,
        case when is_converted or is_out then 0 else 1 end
    from lives
    where is_watched and last_age < {{ ages }}
),

changed as (
    select *
    from {{ seen_by_dimension('changes', ['step', 'age_days'], {
        'entered_count': 'sum(entered)', 'seen_days': 'max(seen_days)',
        'followed': 'sum(followed)', 'watched': 'sum(watched)', 'no_longer_followed': 'sum(no_longer_followed)',
        'converted_count': 'sum(converted)', 'competing_count': 'sum(competing)', 'censored_count': 'sum(censored)',
    }) }} as seen
),

by_age as (
    select cohorts.*, numbers.age_days
    from (select {{ key | join(', ') }}, entered_count, seen_days from changed where age_days = 0) as cohorts
    inner join (select {{ each_number(0, ages) }} as age_days) as numbers on cohorts.seen_days >= numbers.age_days
),

counted as (
    select
        {{ key | join(', ') }},
        age_days,
        by_age.entered_count,
        coalesce(changed.converted_count, 0) as converted_count,
        coalesce(changed.competing_count, 0) as competing_count,
        coalesce(changed.censored_count, 0) as censored_count,
        sum(coalesce(changed.followed, 0)) over upto
        - coalesce(sum(changed.no_longer_followed) over before, 0) as followed_count,
        sum(coalesce(changed.watched, 0)) over upto
        - coalesce(sum(changed.converted_count + changed.competing_count + changed.censored_count) over before, 0)
            as at_risk_count,
        first_value(changed.followed) over upto as followed_from_entry
    from by_age
    left join changed using ({{ key | join(', ') }}, age_days)
    window
        upto as (partition by {{ key | join(', ') }} order by age_days),
        before as (partition by {{ key | join(', ') }} order by age_days rows between unbounded preceding and 1 preceding)
)

select
    dimension, dimension_value, cohort_month, step,
    followed_count = entered_count and followed_from_entry = entered_count as is_mature,
    age_days,
    {% for name in ['entered', 'followed', 'at_risk', 'converted', 'competing', 'censored'] %}
    cast({{ name }}_count as bigint) as {{ name }}_count,
    {% endfor %}
    rate, rate_low, rate_high
from {{ cumulative_incidence('counted', key) }} as curves
