{% set cell = ['criteria_version', 'stage', 'channel', 'utc_month_date', 'is_baseline'] %}
{% set decision = ['record_key', 'stage', 'decided_at'] %}

-- One answer of a lead for a stage: the earliest yes of its records, else the latest no.
with decisions as (
    select
        decisions.record_key,
        decisions.stage,
        decisions.criteria_version,
        {{ dimension('versions.channel') }} as channel,
        decisions.qualifies,
        decisions.decided_at
    from {{ ref('int_qualification_decisions__made') }} as decisions
    inner join {{ ref('int_records__merged') }} as merged on decisions.record_key = merged.record_key
    inner join {{ ref('int_leads__current') }} as leads
        on merged.lead_key = leads.lead_key and not leads.is_deleted and leads.excluded_by is null
    inner join {{ ref('int_records__versioned') }} as versions
        on
            decisions.record_key = versions.record_key
            and decisions.decided_at >= versions.valid_from
            and decisions.decided_at < versions.valid_to
    where decisions.stage in ('mql', 'sql')
    qualify row_number() over (
        partition by merged.lead_key, decisions.stage
        order by
            decisions.qualifies desc, case when decisions.qualifies then decisions.decided_at end,
            decisions.decided_at desc, decisions.record_key
    ) = 1
),

-- A version's first days are counted from its first yes: it may have been in force long before anybody was there.
placed as (
    select
        *,
        cast(date_trunc('month', decided_at) as date) as utc_month_date,
        coalesce(
            decided_at < {{ add_seconds(
                'min(case when qualifies then decided_at end) over (partition by criteria_version, stage)',
                '86400 * ' ~ var('drift_baseline_days')
            ) }},
            false
        ) as is_baseline
    from decisions
),

rules as (
    select
        criteria_version,
        case when section in ('fit', 'behaviour') then 'mql' else 'sql' end as stage,
        section,
        rule_id,
        max(case when channels is null then 0 else 1 end) = 1 as is_channel_limited
    from {{ ref('input__criteria_rules') }}
    group by criteria_version, section, rule_id
),

decided as (
    select {{ cell | join(', ') }}, count(*) as decided_count, count(case when qualifies then 1 end) as qualified_count
    from placed
    group by {{ cell | join(', ') }}
),

marks as (
    select distinct {{ decision | join(', ') }}, rule_id, 1 as fired_count, 0 as blocked_count
    from {{ ref('int_qualification_evidence__collected') }}
    where stage in ('mql', 'sql')
    union all
    select {{ decision | join(', ') }}, rule_id, 0 as fired_count, 1 as blocked_count
    from {{ ref('int_channel_rules__blocked') }}
),

counted as (
    select
        {{ cell | join(', ') }},
        rule_id,
        cast(sum(fired_count) as bigint) as fired_count,
        cast(sum(case when qualifies then fired_count else 0 end) as bigint) as qualified_fired_count,
        cast(sum(blocked_count) as bigint) as blocked_count
    from placed
    inner join marks using ({{ decision | join(', ') }})
    group by {{ cell | join(', ') }}, rule_id
)

select
    {{ cell | join(', ') }},
    rules.section,
    rule_id,
    rules.is_channel_limited,
    decided.decided_count,
    decided.qualified_count,
    coalesce(counted.fired_count, 0) as fired_count,
    coalesce(counted.qualified_fired_count, 0) as qualified_fired_count,
    coalesce(counted.blocked_count, 0) as blocked_count
from decided
inner join rules using (criteria_version, stage)
left join counted using ({{ cell | join(', ') }}, rule_id)
