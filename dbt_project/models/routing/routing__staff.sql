with staff as (
    select * from {{ present_staff() }} as member
),

-- A shift that became an absence is its later version.
rota as (
    {{ current_references('staff_shifts', ['staff_id', 'starts_at'], ['ends_at', 'kind'], whole='staff_id') }}
),

scheduled as (
    select distinct source, staff_id
    from rota
    where coalesce(kind, 'shift') <> 'absence'
),

-- Who has no shifts keeps the team's hours.
spans as (
    select
        staff.staff_id,
        coalesce(rota.kind, 'shift') = 'absence' as is_absence,
        rota.starts_at,
        least(rota.ends_at, coalesce(staff.valid_to, rota.ends_at)) as ends_at
    from staff
    inner join rota on staff.source = rota.source and staff.staff_id = rota.staff_id

    union all

    select
        staff.staff_id,
        false as is_absence,
        hours.opens_at as starts_at,
        least(hours.closes_at, coalesce(staff.valid_to, hours.closes_at)) as ends_at
    from staff
    inner join {{ team_openings() }} as hours on staff.team_id = hours.team_id
    anti join scheduled on staff.source = scheduled.source and staff.staff_id = scheduled.staff_id
),

steps as (
    select
        spans.staff_id,
        ends.moment,
        sum(case when spans.is_absence then 0 else ends.step end) as on_shift_step,
        sum(case when spans.is_absence then ends.step else 0 end) as absent_step
    from (select *, greatest(starts_at, {{ as_of() }}) as begins_at from spans where ends_at > {{ as_of() }}) as spans
    cross join lateral (select spans.begins_at as moment, 1 as step union all select spans.ends_at as moment, -1 as step) as ends
    where spans.begins_at <= {{ add_seconds(as_of(), (routing_days() | int) * 86400) }} and spans.begins_at < spans.ends_at
    group by spans.staff_id, ends.moment
),

stretches as (
    select
        staff_id,
        moment,
        sum(on_shift_step) over (partition by staff_id order by moment rows between unbounded preceding and current row) > 0
        and sum(absent_step) over (partition by staff_id order by moment rows between unbounded preceding and current row) = 0
            as is_free
    from steps
),

free as (
    select staff_id, min(moment) as next_available_at
    from stretches
    where is_free
    group by staff_id
),

ended as (
    select free.staff_id, min(stretches.moment) as available_until
    from free
    inner join stretches on free.staff_id = stretches.staff_id and free.next_available_at < stretches.moment
    where not stretches.is_free
    group by free.staff_id
)

select
    staff.staff_id,
    staff.team_id,
    staff.role,
    staff.languages,
    scheduled.staff_id is not null as is_scheduled,
    coalesce(free.next_available_at = {{ as_of() }}, false) as is_available,
    staff.daily_capacity,
    staff.open_lead_capacity,
    coalesce(loads.routed_today_count, 0) as routed_today_count,
    coalesce(loads.open_lead_count, 0) as open_lead_count,
    free.next_available_at,
    nullif(ended.available_until, {{ end_of_time() }}) as available_until
from staff
left join scheduled on staff.source = scheduled.source and staff.staff_id = scheduled.staff_id
left join free on staff.staff_id = free.staff_id
left join ended on staff.staff_id = ended.staff_id
left join {{ route_loads('staff_id') }} as loads on staff.staff_id = loads.staff_id
