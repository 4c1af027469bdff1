-- What the lead says of itself by now; the first of the names that is known.
with wishes as (
    select
        attribute.record_key,
        {%- for first, second in [('language', 'preferred_language'), ('complexity_level', 'complexity')] %}
        coalesce(
            max(case when attribute.name = '{{ first }}' then attribute.value end),
            max(case when attribute.name = '{{ second }}' then attribute.value end)
        ) as {{ first }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_attributes__versioned') }} as attribute
    where
        attribute.name in ('language', 'preferred_language', 'complexity_level', 'complexity')
        and attribute.valid_from <= {{ as_of() }} and {{ as_of() }} < attribute.valid_to
    group by attribute.record_key
),

-- Where an open lead that asked for no location lives.
places as (
    select
        lead.lead_key,
        {{ joined_texts('location.location_id') }} as location_ids
    from {{ ref('int_leads__current') }} as lead
    semi join {{ ref('int_mqls__open') }} as open_mql on lead.lead_key = open_mql.lead_key
    inner join {{ ref('int_locations__current') }} as location
        on lead.source = location.source and {{ in_joined_list('location.postal_areas', 'lead.postal_area') }}
    where lead.location_id is null
    group by lead.lead_key
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
    coalesce(mql.location_id, places.location_ids) as location_ids,
    wishes.complexity_level,
    wishes.language,
    earlier.person_key,
    earlier.previous_team_id,
    earlier.previous_staff_id,
    worked.team_id as worked_team_id,
    worked.staff_id as worked_staff_id,
    set_by_staff.team_id as override_team_id,
    set_by_staff.staff_id as override_staff_id,
    -- Who is drawn for control is routed as if nobody had scored it.
    case when not coalesce(score.is_control, false) then score.band end as band,
    routed.team_id as routed_team_id,
    routed.staff_id as routed_staff_id,
    routed.queue as routed_queue,
    routed.deciding_constraint as routed_constraint,
    routed.told as routed_told,
    mql.is_past_horizon,
    handoff.first_contacted_at is not null as is_contacted,
    coalesce(score.is_control, false) as is_control,
    allowed.can_contact_by_call,
    allowed.can_contact_by_sms,
    allowed.can_contact_by_email,
    case when not coalesce(score.is_control, false) then score.readiness end as readiness,
    coalesce(routed.route_no, 0) as route_no,
    routed.priority as routed_priority,
    coalesce(signalled.requests_since_mql_count, 0) as requests_since_mql_count,
    coalesce(signalled.missed_call_backs_count, 0) as missed_call_backs_count,
    mql.became_mql_at,
    signalled.last_signal_at,
    routed.routed_as_of as routed_at,
    routed.sla_due_at as routed_sla_due_at,
    handoff.sla_due_at
from {{ ref('int_mqls__open') }} as mql
inner join {{ contact_permissions() }} as allowed on mql.lead_key = allowed.lead_key
left join places on mql.lead_key = places.lead_key
left join wishes on mql.record_key = wishes.record_key
left join {{ set_by_staff() }} as set_by_staff on mql.lead_key = set_by_staff.lead_key
left join {{ ref('int_people__returning') }} as earlier on mql.lead_key = earlier.lead_key
left join {{ ref('int_leads__worked') }} as worked on mql.lead_key = worked.lead_key
left join {{ signals_since_mql() }} as signalled on mql.lead_key = signalled.lead_key
left join routed on mql.record_key = routed.record_key
left join {{ ref('int_handoffs__timed') }} as handoff on mql.lead_key = handoff.lead_key
left join {{ ref('stg_handoff__scores') }} as score
    on
        mql.record_key = score.record_key
        and mql.became_mql_at = score.became_mql_at
        and score.scored_as_of <= {{ as_of() }}
