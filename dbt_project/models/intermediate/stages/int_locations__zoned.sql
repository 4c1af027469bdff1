-- A calendar speaks of one time zone; should its rows name several, the first by name. A calendar without rows is none.
with calendars as (
    select
        source,
        calendar_id,
        min(timezone) as timezone
    from {{ ref('int_calendars__current') }}
    group by source, calendar_id
)

select
    locations.source,
    locations.location_id,
    locations.defined_by,
    locations.name,
    locations.postal_areas,
    calendars.calendar_id,
    calendars.timezone
from {{ ref('int_locations__current') }} as locations
left join calendars on locations.source = calendars.source and locations.calendar_id = calendars.calendar_id
