-- States in which nobody is owed a first contact: they booked themselves, were disqualified, or withdrew their consent to
-- contact on every channel.
with withdrawn as (
    select
        calls.lead_key,
        greatest(calls.valid_from, texts.valid_from, emails.valid_from) as began_at,
        least(calls.valid_to, texts.valid_to, emails.valid_to) as ended_at
    from {{ ref('int_consents__spanned') }} as calls
    inner join {{ ref('int_consents__spanned') }} as texts on calls.lead_key = texts.lead_key
    inner join {{ ref('int_consents__spanned') }} as emails on calls.lead_key = emails.lead_key
    where
        calls.channel = 'call' and calls.is_withdrawn
        and texts.channel = 'sms' and texts.is_withdrawn
        and emails.channel = 'email' and emails.is_withdrawn
),

self_booked as (
    select
        merged.lead_key,
        greatest(entered.entered_at, entered.known_at) as began_at,
        case when appointments.status = 'cancelled' then appointments.valid_from else {{ end_of_time() }} end as ended_at
    from {{ ref('int_appointments__versioned') }} as appointments
    inner join {{ ref('int_appointments__entered') }} as entered
        on
            appointments.record_key = entered.record_key
            and appointments.source = entered.source
            and appointments.appointment_id = entered.appointment_id
    inner join {{ ref('int_records__merged') }} as merged on appointments.record_key = merged.record_key
    where
        appointments.is_current
        and appointments.booked_by = 'lead'
        and entered.stage = 'appointment'
        and not entered.is_superseded
)

select lead_key, 'consent_withdrawn' as censored_by, began_at, ended_at
from withdrawn
where began_at < ended_at
union
select lead_key, 'disqualified' as censored_by, disqualified_at as began_at, ended_at
from {{ ref('int_leads__disqualified') }}
union
select lead_key, 'self_scheduled' as censored_by, began_at, ended_at
from self_booked
where began_at < ended_at
union
select lead_key, 'self_scheduled' as censored_by, became_at as began_at, {{ end_of_time() }} as ended_at
from {{ ref('int_leads__entered') }}
where stage = 'sql' and basis = 'self_scheduled'
