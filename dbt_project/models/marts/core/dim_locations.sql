-- Every location a reference table or a lead names; a reference row's own source speaks first.
with referenced as (
    select
        location_id,
        name,
        calendar_id,
        timezone,
        postal_areas
    from {{ ref('int_locations__zoned') }}
    qualify row_number() over (
        partition by location_id order by case when source = defined_by then 0 else 1 end, defined_by, source
    ) = 1
),

named as (
    select location_id from referenced
    union
    select location_id from {{ ref('int_records__versioned') }} where location_id is not null
    union
    select '(none)' as location_id
)

select
    named.location_id,
    referenced.name,
    {{ dimension('referenced.calendar_id') }} as calendar_id,
    referenced.timezone,
    referenced.postal_areas
from named
left join referenced on named.location_id = referenced.location_id
