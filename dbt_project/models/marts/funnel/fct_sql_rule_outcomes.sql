{% set horizon_days = readiness_days() | trim %}
{% set key = ['criteria_version', 'section', 'rule_id', 'basis'] %}

-- Watched ends what is seen of a wait: the version left force for the record, the lead became SQL otherwise, or as_of.
with followed as (
    select
        followed.*,
        became_sql_at is null and unknown_until > {{ as_of() }} as is_unknown,
        became_sql_at is null and failing_until > {{ as_of() }} as is_failing,
        least(left_at, coalesce(became_sql_at, {{ as_of() }}), {{ as_of() }}) as watched_until,
        observed_from is null and {{ horizon_end('became_sql_at') }} <= {{ as_of() }} as is_at_risk,
        scheduled_at <= {{ horizon_end('became_sql_at') }} as is_scheduled,
        consult_held_at <= {{ horizon_end('became_sql_at') }} as is_consult_held
    from {{ ref('int_sql_rules__followed') }} as followed
),

waits as (
    select
        {{ key | join(', ') }},
        coalesce(value_known_at <= watched_until, false) as is_ended,
        became_sql_at is null and left_at > {{ as_of() }} as is_watched,
        {{ epoch_micros('least(coalesce(value_known_at, watched_until), watched_until)') }}
        - {{ epoch_micros('waited_from') }} as waited_micros
    from followed
    where waited_from is not null
),

waited as (
    select
        {{ key | join(', ') }},
        count(case when is_ended then 1 end) as became_known_count,
        count(case when is_watched and not is_ended then 1 end) as still_waiting_count,
        count(*) as waited_count
    from waits
    group by {{ key | join(', ') }}
),

counted as (
    select
        {{ key | join(', ') }},
        count(*) as lead_count,
        count(case when is_unknown then 1 end) as held_back_unknown_count,
        count(case when is_failing then 1 end) as held_back_failing_count,
        count(case when is_alone and became_sql_at is not null then 1 end) as sql_count,
        count(case when is_alone and is_at_risk then 1 end) as at_risk_count,
        count(case when is_alone and is_at_risk and is_scheduled then 1 end) as scheduled_count,
        count(case when is_alone and is_at_risk and is_consult_held then 1 end) as consult_held_count
    from followed
    group by {{ key | join(', ') }}
),

rules as (
    select criteria_version, section, rule_id, max(case when kind = 'appointment' then 1 else 0 end) = 1 as is_booking
    from {{ ref('input__criteria_rules') }}
    where section in ('eligibility', 'readiness')
    group by criteria_version, section, rule_id
)

-- A rule that never held anybody back, or never let anybody through, is a row of noughts. Who is SQL by an item that is a
-- booking was booked by that alone: that share says nothing of the item.
select
    rules.criteria_version,
    rules.section,
    rules.rule_id,
    {{ dimension('counted.basis') }} as basis,
    cast({{ horizon_days }} as integer) as horizon_days,
    {% for section, name, value in [
        ('eligibility', 'held_back_unknown_count', 'counted.held_back_unknown_count'),
        ('eligibility', 'held_back_failing_count', 'counted.held_back_failing_count'),
        ('eligibility', 'once_held_back_count', 'counted.lead_count'),
        ('eligibility', 'waited_count', 'waited.waited_count'),
        ('eligibility', 'became_known_count', 'waited.became_known_count'),
        ('eligibility', 'still_waiting_count', 'waited.still_waiting_count'),
        ('readiness', 'standing_count', 'counted.lead_count'),
    ] %}
    case when rules.section = '{{ section }}' then coalesce({{ value }}, 0) end as {{ name }},
    {% endfor %}
    coalesce(counted.sql_count, 0) as sql_count,
    coalesce(counted.at_risk_count, 0) as at_risk_count,
    case when not rules.is_booking then coalesce(counted.scheduled_count, 0) end as scheduled_count,
    coalesce(counted.consult_held_count, 0) as consult_held_count,
    cast(quantiles.median_micros as double) / 86400000000 as waited_days_median,
    cast(quantiles.ninth_decile_micros as double) / 86400000000 as waited_days_ninth_decile,
    {% set observed = 'case when not rules.is_booking then counted.at_risk_count end' %}
    {{ rate_columns('scheduled_rate', 'counted.scheduled_count', '(' ~ observed ~ ')') }},
    {{ rate_columns('consult_held_rate', 'counted.consult_held_count', 'counted.at_risk_count') }}
from rules
left join counted using (criteria_version, section, rule_id)
left join waited using (criteria_version, section, rule_id, basis)
left join {{ waiting_quantiles('waits', key) }} as quantiles using (criteria_version, section, rule_id, basis)
