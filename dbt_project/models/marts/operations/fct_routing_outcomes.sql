with routes as (
    select
        route.*,
        cast(route.routed_at as date) as routed_date,
        route.routed_at >= {{ readiness_end('mql.became_mql_at', 'mql.service_line') }} as is_past_horizon,
        route.deciding_constraint = 'sla' and route.team_id <> '(none)'
        and lag(route.team_id) over (partition by route.record_key order by route.route_no) not in ('(none)', route.team_id)
            as is_rescue
    from {{ ref('fct_lead_routes') }} as route
    left join {{ ref('int_mqls__featured') }} as mql on route.record_key = mql.record_key
),

-- Whom the team that knows them may take again: one that works another service line keeps nobody.
returning_people as (
    select people.lead_key, people.previous_team_id
    from {{ ref('int_people__returning') }} as people
    inner join {{ ref('int_leads__current') }} as lead on people.lead_key = lead.lead_key
    inner join {{ intake_teams() }} as team on people.previous_team_id = team.team_id
    where team.service_lines is null or {{ in_joined_list('team.service_lines', 'lead.service_line') }}
),

misrouted as (
    select distinct lead_key, routed_team_id, routed_at
    from {{ ref('fct_misroutes') }}
)

select
    routes.routed_date,
    {{ dimension('lead.service_line') }} as service_line,
    {{ dimension('lead.location_id') }} as location_id,
    routes.team_id,
    {{ dimension('routes.deciding_constraint') }} as deciding_constraint,
    {{ dimension('routes.told') }} as told,
    coalesce(routes.is_past_horizon, false) as is_past_horizon,
    count(*) as decision_count,
    count(case when routes.is_current and open_mql.lead_key is not null then 1 end) as open_count,
    count(case when routes.is_without_score then 1 end) as without_score_count,
    count(case when routes.is_current and handoff.status = 'met' then 1 end) as sla_met_count,
    count(case when routes.is_current and handoff.status = 'breached' then 1 end) as sla_breached_count,
    count(case when routes.is_current and handoff.status = 'open' then 1 end) as sla_open_count,
    count(case when routes.is_rescue then 1 end) as rerouted_before_breach_count,
    count(case when routes.is_rescue and handoff.status = 'met' then 1 end) as rerouted_and_met_count,
    count(case when routes.is_current and earlier.previous_team_id is not null then 1 end) as returning_count,
    count(case when routes.is_current and earlier.previous_team_id = routes.team_id then 1 end) as returning_kept_count,
    count(misrouted.lead_key) as misrouted_count
from routes
inner join {{ ref('int_leads__current') }} as lead on routes.lead_key = lead.lead_key
left join {{ ref('int_mqls__open') }} as open_mql on routes.lead_key = open_mql.lead_key
left join returning_people as earlier on routes.lead_key = earlier.lead_key
left join {{ ref('fct_handoffs') }} as handoff on routes.lead_key = handoff.lead_key
left join misrouted
    on
        routes.lead_key = misrouted.lead_key
        and routes.routed_at = misrouted.routed_at
        and routes.team_id = misrouted.routed_team_id
where not lead.is_deleted and lead.excluded_by is null
group by
    routes.routed_date, lead.service_line, lead.location_id, routes.team_id, routes.deciding_constraint, routes.told,
    routes.is_past_horizon
