with handoffs as (
    select
        started.*,
        worked.first_attempted_at,
        worked.first_contacted_at,
        case when worked.first_contacted_at is not null then greatest(worked.first_contacted_at, started.handed_off_at) end
            as stopped_at
    from {{ ref('int_handoffs__started') }} as started
    left join {{ ref('int_leads__worked') }} as worked on started.lead_key = worked.lead_key
),

-- Without a calendar it is open at all hours: open time is time.
measured as (
    select
        handoffs.*,
        case when handoffs.calendar_id is null then {{ epoch_micros('handoffs.handed_off_at') }} else starts.open_micros end
            as open_micros_at_handoff,
        case
            when handoffs.stopped_at = handoffs.handed_off_at then 0
            when handoffs.calendar_id is null then {{ epoch_micros('handoffs.stopped_at') }} - {{ epoch_micros('handoffs.handed_off_at') }}
            else stops.open_micros - starts.open_micros
        end as open_micros_to_contact
    from handoffs
    left join {{ ref('int_moments__measured') }} as starts
        on
            handoffs.source = starts.source
            and handoffs.calendar_id = starts.calendar_id
            and handoffs.handed_off_at = starts.measured_at
    left join {{ ref('int_moments__measured') }} as stops
        on
            handoffs.source = stops.source
            and handoffs.calendar_id = stops.calendar_id
            and handoffs.stopped_at = stops.measured_at
)

select
    measured.lead_key,
    measured.record_key,
    measured.source,
    measured.id_space,
    measured.service_line,
    measured.location_id,
    measured.calendar_id,
    measured.criteria_version,
    measured.sla_business_minutes,
    measured.open_micros_at_handoff,
    measured.open_micros_to_contact,
    cast(measured.open_micros_to_contact as double) / 60000000 as business_minutes_to_contact,
    measured.handed_off_at,
    case
        when measured.calendar_id is null
            then {{ add_seconds('measured.handed_off_at', 'measured.sla_business_minutes * 60') }}
        when measured.sla_business_minutes = 0 then measured.handed_off_at
        else due.due_at
    end as sla_due_at,
    measured.first_attempted_at,
    measured.first_contacted_at
from measured
left join {{ ref('int_handoffs__due') }} as due on measured.lead_key = due.lead_key
