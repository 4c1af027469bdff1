with moments as (
    select
        hours.source,
        hours.calendar_id,
        hours.defined_by,
        hours.local_date,
        {{ local_instant('opening', 'hours.opens_local_at') }} as opens_at_utc,
        {{ local_instant('closing', 'hours.closes_local_at') }} as closes_at_utc
    from {{ ref('int_calendar_hours__dated') }} as hours
    inner join {{ ref('input__timezone_offsets') }} as opening
        on
            hours.timezone = opening.timezone
            and hours.opens_local_at >= opening.local_from
            and hours.opens_local_at < opening.local_to
    inner join {{ ref('input__timezone_offsets') }} as closing
        on
            hours.timezone = closing.timezone
            and hours.closes_local_at >= closing.local_from
            and hours.closes_local_at < closing.local_to
),

marked as (
    select
        moments.*,
        coalesce(opens_at_utc >= max(closes_at_utc) over (
            partition by source, calendar_id
            order by opens_at_utc, closes_at_utc, local_date
            rows between unbounded preceding and 1 preceding
        ), true) as is_apart
    from moments
    where opens_at_utc < closes_at_utc
),

numbered as (
    select
        marked.*,
        sum(case when is_apart then 1 else 0 end) over (
            partition by source, calendar_id
            order by opens_at_utc, closes_at_utc, local_date
            rows between unbounded preceding and current row
        ) as opening_no
    from marked
),

-- Openings that overlap are one, of the date the first begins on.
openings as (
    select
        source,
        calendar_id,
        min(defined_by) as defined_by,
        min(local_date) as local_date,
        min(opens_at_utc) as opens_at_utc,
        max(closes_at_utc) as closes_at_utc
    from numbered
    group by source, calendar_id, opening_no
),

measured as (
    select
        openings.*,
        {{ epoch_seconds('closes_at_utc') }} - {{ epoch_seconds('opens_at_utc') }} as open_seconds
    from openings
)

select
    calendar_id,
    source,
    defined_by,
    local_date,
    open_seconds,
    cast(coalesce(sum(open_seconds) over (
        partition by source, calendar_id
        order by opens_at_utc
        rows between unbounded preceding and 1 preceding
    ), 0) as bigint) as open_seconds_before,
    opens_at_utc,
    closes_at_utc
from measured
