{# Handoffs with how long each was watched for a first contact, and what that brought: what the promise is judged by. #}

{#
  Handoffs that count in rates (a relation in parentheses). Watching ends at as_of, or when a first contact was no longer
  owed: a contact after that ends no wait. Answering team and source are those of fct_handoffs and of its members of staff.
#}
{% macro watched_handoffs() -%}
    {%- set watched_until = "greatest(timed.handed_off_at, coalesce(censored.censored_at, " ~ as_of() ~ "))" -%}
    (
        select
            handoffs.status,
            handoffs.service_line,
            handoffs.location_id,
            handoffs.answering_team_id,
            {{ dimension('worked.staff_id') }} as staff_id,
            {{ dimension('worked.staff_source') }} as worked_source,
            {{ dimension('worked.contact_channel') }} as contact_channel,
            {{ dimension("lpad(cast(entries.local_hour as varchar), 2, '0')") }} as local_hour,
            {{ dimension('cast(' ~ iso_weekday('entries.local_date') ~ ' as varchar)') }} as local_weekday,
            substr(cast(entries.local_date as varchar), 1, 7) as local_month,
            {{ dimension('cast(handoffs.sla_business_minutes as varchar)') }} as promised_minutes,
            {{ dimension('cast(handoffs.sla_business_minutes as varchar)') }} || ' ' || handoffs.service_line as line_promise,
            {{ unreachable('worked', 'leads') }} as is_unreachable,
            timed.first_contacted_at < timed.handed_off_at as is_met_before,
            coalesce(timed.first_contacted_at <= {{ watched_until }}, false) as is_contacted,
            coalesce(timed.first_attempted_at <= {{ watched_until }}, false) as is_attempted,
            handoffs.sla_business_minutes,
            timed.first_contacted_at,
            timed.open_micros_to_contact as contact_micros,
            {{ open_micros_between('timed', 'timed.first_attempted_at', 'attempts') }} as attempt_micros,
            {{ open_micros_waited('timed', 'now_open') }} as followed_micros,
            case
                when censored.censored_at is null then {{ open_micros_waited('timed', 'now_open') }}
                else {{ open_micros_between('timed', 'censored.censored_at', 'ends') }}
            end as watched_micros
        from {{ ref('fct_handoffs') }} as handoffs
        inner join {{ ref('int_handoffs__timed') }} as timed on handoffs.lead_key = timed.lead_key
        inner join {{ ref('dim_leads') }} as leads on handoffs.lead_key = leads.lead_key
        inner join {{ ref('int_leads__dimensioned') }} as entries on handoffs.lead_key = entries.lead_key and entries.stage = 'mql'
        left join {{ ref('int_leads__worked') }} as worked on handoffs.lead_key = worked.lead_key
        left join {{ ref('int_handoffs__censored') }} as censored on handoffs.lead_key = censored.lead_key
        left join {{ open_time_now() }} as now_open
            on timed.source = now_open.source and timed.calendar_id = now_open.calendar_id
        left join {{ ref('int_moments__measured') }} as attempts
            on timed.source = attempts.source and timed.calendar_id = attempts.calendar_id and timed.first_attempted_at = attempts.measured_at
        left join {{ ref('int_moments__measured') }} as ends
            on timed.source = ends.source and timed.calendar_id = ends.calendar_id and censored.censored_at = ends.measured_at
        where not handoffs.is_deleted and handoffs.excluded_by is null
    )
{%- endmacro %}
