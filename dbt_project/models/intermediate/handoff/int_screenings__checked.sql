-- Each screening against the checklist of the version in force for its record when it took place (one before the record
-- counts: the first in force). Ids are compared after trimming, once each; those the checklist does not have are counted.
with sources as (
    select distinct source
    from {{ ref('int_work_events__versioned') }}
    where {{ trimmed('checklist') }} is not null
),

screenings as (
    select
        contacts.lead_key,
        contacts.record_key,
        contacts.source,
        contacts.event_id,
        spans.criteria_version,
        spans.service_line,
        contacts.team_id,
        {{ trimmed('contacts.outcome') }} as outcome,
        contacts.checklist as done,
        versions.checklist as wanted,
        contacts.occurred_at
    from {{ ref('int_contacts__made') }} as contacts
    inner join {{ ref('int_record_criteria__spanned') }} as spans
        on
            contacts.record_key = spans.record_key
            and greatest(contacts.occurred_at, spans.effective_at) >= spans.valid_from
            and greatest(contacts.occurred_at, spans.effective_at) < spans.valid_to
    inner join {{ ref('input__criteria_versions') }} as versions on spans.criteria_version = versions.criteria_version
    where contacts.kind = 'screening' and versions.checklist is not null
),

pieces as (
    select source, event_id, {{ each_piece('done') }} as item_id
    from screenings
    where done is not null
),

ticks as (
    select distinct source, event_id, {{ trimmed('item_id') }} as item_id
    from pieces
    where {{ trimmed('item_id') }} is not null
),

counted as (
    select
        screenings.source,
        screenings.event_id,
        count(case when {{ allowed_by('screenings.wanted', 'ticks.item_id') }} then 1 end) as done_item_count,
        count(case when not {{ allowed_by('screenings.wanted', 'ticks.item_id') }} then 1 end) as unknown_item_count
    from screenings
    inner join ticks on screenings.source = ticks.source and screenings.event_id = ticks.event_id
    group by screenings.source, screenings.event_id
)

select
    screenings.lead_key,
    screenings.record_key,
    screenings.source,
    screenings.event_id,
    screenings.criteria_version,
    screenings.service_line,
    screenings.team_id,
    screenings.outcome,
    sources.source is not null as is_observed,
    coalesce(counted.done_item_count, 0) = {{ list_size('screenings.wanted') }} as is_followed,
    {{ list_size('screenings.wanted') }} as item_count,
    coalesce(counted.done_item_count, 0) as done_item_count,
    coalesce(counted.unknown_item_count, 0) as unknown_item_count,
    screenings.occurred_at
from screenings
left join sources on screenings.source = sources.source
left join counted on screenings.source = counted.source and screenings.event_id = counted.event_id
