-- A lead that staff gave to another team in the CRM, or that another team worked first. One cause is told once: where staff
-- changed the team and that team then worked it, as the change.
with routes as (
    select route.lead_key, route.team_id, route.deciding_constraint, route.route_no, route.routed_at
    from {{ ref('fct_lead_routes') }} as route
    semi join {{ ref('fct_lead_routes') }} as own
        on route.lead_key = own.lead_key and route.record_key = own.record_key and own.is_current
    where route.team_id not in ('(none)', '(unknown)')
),

changed as (
    select
        merged.lead_key,
        conflict.destination,
        {{ known_dimension('conflict.theirs', 'team.team_id') }} as team_id,
        conflict.found_as_of as noticed_at,
        conflict.ours
    from {{ ref('stg_handoff__conflicts') }} as conflict
    inner join {{ ref('int_records__merged') }} as merged on conflict.lead_key = merged.record_key
    left join {{ ref('dim_intake_teams') }} as team on conflict.theirs = team.team_id
    where conflict.field = 'handoff_team_id' and conflict.found_as_of <= {{ as_of() }}
    qualify row_number() over (
        partition by
            merged.lead_key, conflict.destination, {{ known_dimension('conflict.theirs', 'team.team_id') }}
        order by conflict.found_as_of, conflict.found_at, conflict.source, conflict.lead_id, conflict._batch_id
    ) = 1
),

worked as (
    select lead_key, team_id, staff_id, coalesce(taken_up_at, first_attempted_at) as noticed_at
    from {{ ref('int_leads__worked') }} as work
    anti join changed on work.lead_key = changed.lead_key and work.team_id = changed.team_id
    where team_id is not null
),

cases as (
    select
        changed.lead_key, 'set_by_staff' as kind, changed.destination, changed.team_id, cast(null as varchar) as staff_id,
        changed.noticed_at, routes.team_id as routed_team_id, routes.deciding_constraint, routes.routed_at
    from changed
    left join routes
        on
            changed.lead_key = routes.lead_key
            and changed.noticed_at >= routes.routed_at
            and routes.deciding_constraint <> 'set_by_staff'
    qualify row_number() over (
        partition by changed.lead_key, changed.destination, changed.team_id
        order by case when routes.team_id = changed.ours then 0 else 1 end, routes.routed_at desc nulls last, routes.route_no desc
    ) = 1

    union all

    select * from (
        select
            worked.lead_key, 'worked_by_another' as kind, '(none)' as destination, worked.team_id, worked.staff_id,
            worked.noticed_at, routes.team_id as routed_team_id, routes.deciding_constraint, routes.routed_at
        from worked
        inner join routes on worked.lead_key = routes.lead_key and worked.noticed_at >= routes.routed_at
        qualify row_number() over (partition by worked.lead_key order by routes.routed_at desc, routes.route_no desc) = 1
    ) as in_force
    where routed_team_id <> team_id
),

told as (
    select merged.lead_key, events.reason, events.occurred_at, events.event_id
    from {{ ref('int_work_events__versioned') }} as events
    inner join {{ ref('int_records__merged') }} as merged on events.record_key = merged.record_key
    where events.is_current and events.reason is not null
    union all
    select merged.lead_key, events.reason, events.entered_at as occurred_at, events.event_id
    from {{ ref('int_stage_events__versioned') }} as events
    inner join {{ ref('int_records__merged') }} as merged on events.record_key = merged.record_key
    where events.is_current and events.reason is not null and events.actor_type = 'staff'
)

select
    cases.lead_key,
    cases.kind,
    {{ dimension('cases.destination') }} as destination,
    {{ dimension('cases.routed_team_id') }} as routed_team_id,
    {{ dimension('cases.team_id') }} as team_id,
    {{ dimension('cases.staff_id') }} as staff_id,
    {{ dimension('lead.service_line') }} as service_line,
    {{ dimension('lead.location_id') }} as location_id,
    {{ dimension('cases.deciding_constraint') }} as deciding_constraint,
    {{ dimension('told.reason') }} as reason,
    cases.routed_at,
    cases.noticed_at
from cases
inner join {{ ref('int_leads__current') }} as lead on cases.lead_key = lead.lead_key
left join told
    on
        cases.lead_key = told.lead_key
        and told.occurred_at >= cases.routed_at
        and told.occurred_at <= {{ add_seconds('cases.noticed_at', '86400') }}
qualify row_number() over (
    partition by cases.lead_key, cases.kind, cases.destination, cases.team_id
    order by told.occurred_at desc nulls last, told.event_id, told.reason
) = 1
