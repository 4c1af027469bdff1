{% set age = epoch_micros(as_of()) ~ ' - ' ~ epoch_micros('handoffs.handed_off_at') %}
{% set columns = ['lead_key', 'lead_id', 'source', 'service_line', 'location_id', 'channel', 'team_id', 'staff_id', 'queue', 'age_band',
    'is_contactable', 'is_overdue', 'is_unreachable'] %}

-- Who is still owed a first contact: not SQL, not turned away, not given back, with no appointment ahead or since the
-- handoff, and not one who withdrew. A member of staff who has left is nobody to turn to.
with attended as (
    select lead_key, max(case when status = 'booked' then starts_at end) as last_starts_at, max(greatest(booked_at, held_at)) as last_at
    from {{ ref('fct_appointments') }}
    where status in ('booked', 'held')
    group by lead_key
),

gone as (
    select source, staff_id
    from {{ ref('int_staff__current') }}
    group by source, staff_id
    having max(coalesce(valid_to, {{ end_of_time() }})) <= {{ as_of() }}
),

waiting as (
    select
        handoffs.lead_key,
        leads.lead_id,
        leads.source,
        handoffs.service_line,
        handoffs.location_id,
        leads.channel,
        {{ dimension("coalesce(worked.team_id, nullif(handoffs.team_id, '(none)'), only_teams.team_id)") }} as team_id,
        {{ dimension("case when gone.staff_id is null then coalesce(worked.staff_id, nullif(handoffs.staff_id, '(none)')) end") }}
            as staff_id,
        routes.queue,
        case
            when {{ age }} < 86400000000 then 'under 1 day'
            when {{ age }} < 3 * 86400000000 then '1 to 3 days'
            when {{ age }} < 7 * 86400000000 then '3 to 7 days'
            when {{ age }} < 30 * 86400000000 then '7 to 30 days'
            else 'over 30 days'
        end as age_band,
        leads.is_contactable,
        handoffs.status = 'breached' as is_overdue,
        {{ unreachable('worked', 'leads') }} as is_unreachable,
        {{ age }} >= 30 * 86400000000 as is_old,
        routes.priority,
        coalesce(worked.attempt_count, 0) as attempt_count,
        {{ open_micros_waited('timed', 'now_open') }} as waited_micros,
        handoffs.handed_off_at,
        case when handoffs.status <> 'censored' then handoffs.sla_business_minutes end as sla_business_minutes,
        case when handoffs.status <> 'censored' then handoffs.sla_due_at end as sla_due_at,
        worked.last_attempted_at
    from {{ ref('fct_handoffs') }} as handoffs
    inner join {{ ref('int_handoffs__timed') }} as timed on handoffs.lead_key = timed.lead_key
    inner join {{ ref('dim_leads') }} as leads on handoffs.lead_key = leads.lead_key
    left join {{ ref('int_leads__worked') }} as worked on handoffs.lead_key = worked.lead_key
    left join {{ ref('fct_lead_routes') }} as routes on handoffs.lead_key = routes.lead_key and routes.is_current
    left join gone
        on coalesce(worked.staff_source, timed.source) = gone.source and coalesce(worked.staff_id, handoffs.staff_id) = gone.staff_id
    left join {{ only_teams() }} as only_teams
        on handoffs.service_line = only_teams.service_line and handoffs.location_id = only_teams.location_id
    left join {{ open_time_now() }} as now_open
        on timed.source = now_open.source and timed.calendar_id = now_open.calendar_id
    anti join attended
        on
            handoffs.lead_key = attended.lead_key
            and (attended.last_starts_at >= {{ as_of() }} or attended.last_at >= handoffs.handed_off_at)
    anti join {{ ref('int_duties__ended') }} as states
        on handoffs.lead_key = states.lead_key and states.censored_by = 'consent_withdrawn' and states.ended_at > {{ as_of() }}
    where
        handoffs.status <> 'not_observed'
        and handoffs.candidate_status = 'open'
        and handoffs.first_contacted_at is null
        and not handoffs.is_deleted
        and handoffs.excluded_by is null
)

select
    {{ columns | join(',\n    ') }},
    -- Nobody is called whom no channel may reach. Fresh before forgotten and often tried; whoever can still be called in
    -- time before who cannot, then as routing serves them, and of these who was missed last.
    row_number() over (
        partition by team_id
        order by
            case when is_contactable = 'no' then 1 else 0 end,
            is_old,
            is_unreachable,
            is_overdue,
            case when not is_overdue then sla_due_at end nulls last,
            priority nulls last,
            sla_due_at desc nulls last,
            handed_off_at desc,
            lead_key
    ) as place,
    priority,
    attempt_count,
    cast(waited_micros as double) / 60000000 as business_minutes_waiting,
    sla_business_minutes - cast(waited_micros as double) / 60000000 as business_minutes_to_due,
    handed_off_at,
    sla_due_at,
    last_attempted_at
from waiting
