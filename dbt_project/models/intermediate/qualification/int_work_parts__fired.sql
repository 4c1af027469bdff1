{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with record_versions as (
    select distinct record_key, criteria_version
    from {{ ref('int_record_criteria__spanned') }}
    where {{ touched_only('record_key') }}
),

matched as (
    select
        events.record_key,
        events.source,
        events.event_id,
        rules.criteria_version,
        rules.rule_id,
        rules.part_no,
        rules.part_count,
        events.occurred_at,
        events.known_at,
        case when versions.verified_by is null then events.valid_from else greatest(events.valid_from, roles.known_from) end
            as valid_from,
        events.valid_to
    from {{ ref('int_work_events__versioned') }} as events
    inner join record_versions on events.record_key = record_versions.record_key
    inner join {{ ref('input__criteria_rules') }} as rules
        on
            record_versions.criteria_version = rules.criteria_version
            and rules.kind = 'work_event'
            and events.kind = rules.name
            and {{ allowed_by('rules.outcomes', trimmed('events.outcome')) }}
            and {{ allowed_by('rules.contact_channels', trimmed('events.contact_channel')) }}
    inner join {{ ref('input__criteria_versions') }} as versions on rules.criteria_version = versions.criteria_version
    -- Whoever acted must have had the role then, by what was known of them when the act took effect or became known since.
    left join {{ ref('int_staff_roles__spanned') }} as roles
        on
            versions.verified_by is not null
            and events.source = roles.source
            and {{ trimmed('events.staff_id') }} = roles.staff_id
            and {{ allowed_by('versions.verified_by', 'roles.role') }}
            and events.occurred_at >= roles.valid_from
            and events.occurred_at < roles.valid_to
            and events.valid_from < roles.known_to
            and roles.known_from < events.valid_to
    where
        (versions.verified_by is null or roles.staff_id is not null)
        and {{ touched_only('events.record_key') }}
    qualify row_number() over (
        partition by
            events.record_key, events.source, events.event_id, events.valid_from,
            rules.criteria_version, rules.rule_id, rules.part_no
        order by roles.known_from
    ) = 1
),

fired as (
    select *
    from {{ stretches(
        'matched', ['source', 'event_id', 'criteria_version', 'rule_id', 'part_no', 'part_count']
    ) }} as spanned
)

-- A firing stands as long as no rejection that came after it does.
select
    fired.record_key,
    fired.source,
    fired.event_id,
    fired.criteria_version,
    fired.rule_id,
    fired.part_no,
    fired.part_count,
    fired.occurred_at,
    fired.known_at,
    fired.valid_from as fired_at,
    greatest(fired.valid_from, coalesce(standing.valid_from, fired.valid_from)) as valid_from,
    least(fired.valid_to, coalesce(standing.valid_to, fired.valid_to)) as valid_to
from fired
left join {{ ref('int_rejections__standing') }} as standing
    on
        fired.record_key = standing.record_key
        and fired.valid_from < standing.valid_to
        and fired.valid_to > standing.valid_from
where standing.record_key is null or standing.rejected_at is null or standing.rejected_at <= fired.valid_from
