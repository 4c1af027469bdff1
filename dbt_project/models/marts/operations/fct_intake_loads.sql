-- What routes put on teams and their members as of now, beside the open leads they work, whatever their routes say.
with bearers as (
    select
        'team' as bearer, team.team_id as bearer_id, team.team_id, '(none)' as staff_id, '(none)' as role, team.daily_capacity,
        team.open_lead_capacity
    from {{ intake_teams() }} as team

    union all

    select
        'member' as bearer, member.staff_id as bearer_id, member.team_id, member.staff_id, {{ dimension('member.role') }} as role,
        member.daily_capacity, member.open_lead_capacity
    from {{ present_staff() }} as member
),

working as (
    select bearers.bearer, bearers.bearer_id, count(*) as working_lead_count
    from {{ ref('int_mqls__open') }} as mql
    inner join {{ ref('int_leads__worked') }} as worked on mql.lead_key = worked.lead_key
    inner join bearers on bearers.bearer_id = case bearers.bearer when 'team' then worked.team_id else worked.staff_id end
    where not mql.is_past_horizon
    group by bearers.bearer, bearers.bearer_id
),

routed as (
    select 'team' as bearer, loads.team_id as bearer_id, loads.routed_today_count, loads.open_lead_count
    from {{ route_loads('team_id', 'stg_handoff__routes') }} as loads
    union all
    select 'member' as bearer, loads.staff_id as bearer_id, loads.routed_today_count, loads.open_lead_count
    from {{ route_loads('staff_id', 'stg_handoff__routes') }} as loads
),

loads as (
    select
        bearers.*,
        coalesce(routed.routed_today_count, 0) as routed_today_count,
        coalesce(routed.open_lead_count, 0) as open_lead_count,
        coalesce(working.working_lead_count, 0) as working_lead_count
    from bearers
    left join routed on bearers.bearer = routed.bearer and bearers.bearer_id = routed.bearer_id
    left join working on bearers.bearer = working.bearer and bearers.bearer_id = working.bearer_id
)

select
    bearer,
    {{ dimension('team_id') }} as team_id,
    staff_id,
    role,
    coalesce(routed_today_count >= daily_capacity, false) or coalesce(open_lead_count >= open_lead_capacity, false) as is_full,
    daily_capacity,
    open_lead_capacity,
    routed_today_count,
    open_lead_count,
    working_lead_count,
    cast(open_lead_count as double) / nullif(open_lead_capacity, 0) as load_rate
from loads
