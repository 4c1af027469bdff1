{% set is_answer = trimmed('outcome') ~ " in ('qualified', 'not_qualified')" %}
{% set week_end = "cast(" ~ add_days('weeks.week_date', 7) ~ " as timestamp)" %}

-- What was drawn for a week hangs on nothing told after it: answers by when one was first told, in the version that held
-- when the week ended. Drawn by a hash of record and week: nobody chooses, and every run draws the same.
with tellings as (
    select
        screenings.*,
        min(case when {{ is_answer }} then valid_from end) over (partition by source, event_id) as told_at
    from {{ ref('int_work_events__versioned') }} as screenings
    where kind = 'screening'
),

first_versions as (
    select record_key, min(valid_from) as known_from
    from {{ ref('int_records__versioned') }}
    group by record_key
),

-- The time zone is that of the record's location as it was known then.
zoned as (
    select
        tellings.*,
        coalesce(locations.timezone, sources.timezone, 'UTC') as timezone
    from tellings
    inner join first_versions on tellings.record_key = first_versions.record_key
    inner join {{ ref('int_records__versioned') }} as records
        on
            tellings.record_key = records.record_key
            and greatest(tellings.told_at, first_versions.known_from) >= records.valid_from
            and greatest(tellings.told_at, first_versions.known_from) < records.valid_to
    left join {{ ref('int_locations__zoned') }} as locations
        on records.source = locations.source and records.location_id = locations.location_id
    left join {{ ref('input__sources') }} as sources on records.source = sources.source
),

weeks as (
    select
        zoned.*,
        {{ monday_of(local_date('zoned.told_at', 'coalesce(offsets.offset_seconds, 0)')) }} as week_date
    from zoned
    left join {{ ref('input__timezone_offsets') }} as offsets
        on zoned.timezone = offsets.timezone and zoned.told_at >= offsets.utc_from and zoned.told_at < offsets.utc_to
),

ended as (
    select
        weeks.*,
        coalesce({{ local_instant('offsets', week_end) }}, {{ week_end }}) as week_ends_at
    from weeks
    left join {{ ref('input__timezone_offsets') }} as offsets
        on weeks.timezone = offsets.timezone and {{ week_end }} >= offsets.local_from and {{ week_end }} < offsets.local_to
),

-- A record's first answer of the week, once for each team. Places are drawn when the week is over in every time zone, the
-- last being 12 hours behind UTC: else who answers in a later zone would move those drawn already.
answers as (
    select
        ended.*,
        {{ dimension('coalesce(ended.team_id, staff.team_id)') }} as answered_team_id
    from ended
    left join {{ ref('int_staff__current') }} as staff on ended.source = staff.source and ended.staff_id = staff.staff_id
    where
        {{ add_seconds(week_end.replace('weeks.', 'ended.'), '43200') }} <= {{ as_of() }}
        and ended.valid_from < ended.week_ends_at and ended.valid_to >= ended.week_ends_at
        and {{ is_answer.replace('outcome', 'ended.outcome') }}
    qualify row_number() over (
        partition by ended.record_key, week_date, coalesce(ended.team_id, staff.team_id)
        order by ended.occurred_at, ended.source, ended.event_id
    ) = 1
),

drawn as (
    select
        answers.*,
        row_number() over (
            partition by week_date, answered_team_id
            order by md5(record_key || '|' || cast(week_date as varchar)), record_key
        ) as place
    from answers
)

-- Who was deleted or excluded since leaves a gap: nobody moves up.
select
    merged.lead_key,
    drawn.record_key,
    leads.lead_id,
    leads.source,
    drawn.answered_team_id as team_id,
    {{ dimension('drawn.staff_id') }} as staff_id,
    {{ trimmed('drawn.outcome') }} as outcome,
    drawn.place,
    drawn.occurred_at as screened_at,
    drawn.week_date
from drawn
inner join {{ ref('int_records__merged') }} as merged on drawn.record_key = merged.record_key
inner join {{ ref('int_leads__current') }} as leads on merged.lead_key = leads.lead_key
where drawn.place <= {{ var('review_sample_size') }} and not leads.is_deleted and leads.excluded_by is null
