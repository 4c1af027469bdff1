{% set horizon_days = 400 %}

-- A label of the CRM may hand a lead over before the lead itself was seen.
with moments as (
    select least(created_at, effective_at) as moment
    from {{ ref('int_records__current') }}
    union all
    select valid_from as moment
    from {{ ref('int_stage_events__versioned') }}
),

bounds as (
    select
        greatest({{ add_days('cast(min(moment) as date)', -2) }}, date '1990-01-01') as first_day,
        {{ add_days('cast(' ~ as_of() ~ ' as date)', horizon_days) }} as last_day
    from moments
),

days as (
    select series.day
    from {{ date_series('(select bounds.first_day from bounds)', '(select bounds.last_day from bounds)') }} as series
),

timezones as (
    select source, calendar_id, min(defined_by) as defined_by, min(timezone) as timezone
    from {{ ref('int_calendars__current') }}
    group by source, calendar_id
),

hours as (
    select
        calendars.source,
        calendars.calendar_id,
        calendars.defined_by,
        calendars.timezone,
        days.day as local_date,
        calendars.opens_at,
        calendars.closes_at
    from {{ ref('int_calendars__current') }} as calendars
    inner join days on {{ iso_weekday('days.day') }} = calendars.iso_weekday
    anti join {{ ref('int_holidays__current') }} as holidays
        on
            calendars.source = holidays.source
            and calendars.calendar_id = holidays.calendar_id
            and days.day = holidays.holiday_date

    union all

    select
        holidays.source,
        holidays.calendar_id,
        timezones.defined_by,
        timezones.timezone,
        holidays.holiday_date as local_date,
        holidays.opens_at,
        holidays.closes_at
    from {{ ref('int_holidays__current') }} as holidays
    inner join timezones on holidays.source = timezones.source and holidays.calendar_id = timezones.calendar_id
    inner join days on holidays.holiday_date = days.day
    where holidays.opens_at is not null and holidays.closes_at is not null
),

timed as (
    select
        hours.*,
        {{ minutes_of_day('opens_at') }} as opens_minute,
        {{ minutes_of_day('closes_at') }} as closes_minute
    from hours
)

select
    source,
    calendar_id,
    defined_by,
    timezone,
    local_date,
    {{ add_seconds('cast(local_date as timestamp)', 'opens_minute * 60') }} as opens_local_at,
    {{ add_seconds(
        'cast(local_date as timestamp)', '(closes_minute + case when closes_minute <= opens_minute then 1440 else 0 end) * 60'
    ) }} as closes_local_at
from timed
