-- Every team a reference table or an event names; a reference row's own source speaks first.
with referenced as (
    select
        team_id,
        name,
        queue,
        service_lines,
        location_ids,
        complexity_levels,
        languages,
        calendar_id,
        daily_capacity,
        open_lead_capacity
    from {{ ref('int_teams__current') }}
    qualify row_number() over (
        partition by team_id order by case when source = defined_by then 0 else 1 end, defined_by, source
    ) = 1
),

named as (
    select team_id from referenced
    union
    select team_id from {{ ref('int_contacts__made') }} where team_id is not null
    union
    select '(none)' as team_id
    union
    select '(unknown)' as team_id
)

select
    named.team_id,
    referenced.name,
    referenced.queue,
    referenced.service_lines,
    referenced.location_ids,
    referenced.complexity_levels,
    referenced.languages,
    {{ dimension('referenced.calendar_id') }} as calendar_id,
    referenced.daily_capacity,
    referenced.open_lead_capacity
from named
left join referenced on named.team_id = referenced.team_id
