select
    merged.lead_key,
    route.record_key,
    {{ known_dimension('route.team_id', 'team.team_id') }} as team_id,
    {{ known_dimension('route.staff_id', 'member.staff_id') }} as staff_id,
    route.queue,
    route.reasons,
    route.deciding_constraint,
    route.told,
    coalesce(
        mql.record_key = route.record_key
        and route.route_no = max(route.route_no) over (partition by route.record_key),
        false
    ) as is_current,
    route.is_without_score,
    route.route_no,
    route.priority,
    route.sla_due_at,
    route.routed_as_of as routed_at
from {{ ref('stg_handoff__routes') }} as route
inner join {{ ref('int_records__merged') }} as merged on route.record_key = merged.record_key
left join {{ ref('int_leads__entered') }} as mql on merged.lead_key = mql.lead_key and mql.stage = 'mql'
left join {{ ref('dim_intake_teams') }} as team on route.team_id = team.team_id
left join {{ named_staff() }} as member on route.staff_id = member.staff_id
where route.routed_as_of <= {{ as_of() }}
