-- Nobody is routed whom no channel may reach.
with channels as (
    select
        consent.lead_key,
        count(distinct case when consent.is_withdrawn then consent.channel end) as withdrawn_count,
        count(distinct case when not consent.is_withdrawn then consent.channel end) as granted_count
    from {{ ref('int_consents__spanned') }} as consent
    where consent.valid_from <= {{ as_of() }} and {{ as_of() }} < consent.valid_to
    group by consent.lead_key
),

-- Sources that share lead ids speak of the same leads: where one of them must have consent, all must.
required as (
    select
        source.id_space,
        bool_or(source.consent_required) as is_consent_required
    from {{ ref('input__sources') }} as source
    group by source.id_space
),

reachable as (
    select lead.lead_key
    from {{ ref('int_leads__current') }} as lead
    left join required on lead.id_space = required.id_space
    left join channels on lead.lead_key = channels.lead_key
    where
        coalesce(channels.withdrawn_count, 0) < 3
        and (coalesce(channels.granted_count, 0) > 0 or not coalesce(required.is_consent_required, false))
),

-- What the lead says of itself by now; the first of the names that is known.
wishes as (
    select
        attribute.record_key,
        max(case when attribute.name in ('language', 'preferred_language') then attribute.value end) as language,
        max(case when attribute.name in ('complexity_level', 'complexity') then attribute.value end) as complexity_level
    from {{ ref('int_attributes__versioned') }} as attribute
    where
        attribute.name in ('language', 'preferred_language', 'complexity_level', 'complexity')
        and attribute.valid_from <= {{ as_of() }} and {{ as_of() }} < attribute.valid_to
    group by attribute.record_key
),

routed as (
    select route.*
    from {{ ref('stg_handoff__earlier_routes') }} as route
    where route.routed_as_of <= {{ as_of() }}
    qualify row_number() over (partition by route.record_key order by route.route_no desc) = 1
)

select
    mql.lead_key,
    mql.record_key,
    mql.lead_id,
    mql.source,
    mql.service_line,
    mql.location_id,
    wishes.complexity_level,
    wishes.language,
    worked.team_id as worked_team_id,
    -- Who is drawn for control is routed as if nobody had scored it.
    case when not coalesce(score.is_control, false) then score.band end as band,
    routed.team_id as routed_team_id,
    routed.queue as routed_queue,
    routed.deciding_constraint as routed_constraint,
    mql.is_past_horizon,
    handoff.first_contacted_at is not null as is_contacted,
    coalesce(score.is_control, false) as is_control,
    case when not coalesce(score.is_control, false) then score.readiness end as readiness,
    coalesce(routed.route_no, 0) as route_no,
    mql.became_mql_at,
    handoff.sla_due_at
from {{ ref('int_mqls__open') }} as mql
inner join reachable on mql.lead_key = reachable.lead_key
left join wishes on mql.record_key = wishes.record_key
left join {{ ref('int_leads__worked') }} as worked on mql.lead_key = worked.lead_key
left join routed on mql.record_key = routed.record_key
left join {{ ref('int_handoffs__timed') }} as handoff on mql.lead_key = handoff.lead_key
left join {{ ref('stg_handoff__scores') }} as score
    on
        mql.record_key = score.record_key
        and mql.became_mql_at = score.became_mql_at
        and score.scored_as_of <= {{ as_of() }}
