{% set key = ['dimension', 'dimension_value'] %}
{% set dimensions = {
    'service_line': 'service_line', 'location': 'location_id', 'team': 'team_id', 'staff': 'staff_id',
    'contact_channel': 'contact_channel', 'hour_of_day': 'local_hour', 'weekday': 'local_weekday', 'month': 'local_month',
} %}
{% set watched_until = "greatest(timed.handed_off_at, coalesce(censored.censored_at, " ~ as_of() ~ "))" %}
{% set statuses = ['met', 'breached', 'open', 'censored', 'not_observed', 'not_set'] %}
{% set met_after = '(counted.met_count - counted.met_before_count)' %}
{% set judged = "status in ('met', 'breached')" %}

-- Watching ends at as_of, or when a first contact was no longer owed: a contact after that ends no wait.
with handoffs as (
    select
        handoffs.status,
        handoffs.service_line,
        handoffs.location_id,
        {{ dimension('coalesce(worked.team_id, only_teams.team_id)') }} as team_id,
        {{ dimension('worked.staff_id') }} as staff_id,
        {{ dimension('worked.contact_channel') }} as contact_channel,
        {{ dimension("lpad(cast(entries.local_hour as varchar), 2, '0')") }} as local_hour,
        {{ dimension('cast(' ~ iso_weekday('entries.local_date') ~ ' as varchar)') }} as local_weekday,
        substr(cast(entries.local_date as varchar), 1, 7) as local_month,
        {{ unreachable('worked', 'leads') }} as is_unreachable,
        timed.first_contacted_at < timed.handed_off_at as is_met_before,
        coalesce(timed.first_contacted_at <= {{ watched_until }}, false) as is_contacted,
        coalesce(timed.first_attempted_at <= {{ watched_until }}, false) as is_attempted,
        handoffs.sla_business_minutes,
        timed.first_contacted_at,
        timed.open_micros_to_contact as contact_micros,
        {{ open_micros_between('timed', 'timed.first_attempted_at', 'attempts') }} as attempt_micros,
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
    left join {{ only_teams() }} as only_teams
        on handoffs.service_line = only_teams.service_line and handoffs.location_id = only_teams.location_id
    left join {{ open_time_now() }} as now_open
        on timed.source = now_open.source and timed.calendar_id = now_open.calendar_id
    left join {{ ref('int_moments__measured') }} as attempts
        on timed.source = attempts.source and timed.calendar_id = attempts.calendar_id and timed.first_attempted_at = attempts.measured_at
    left join {{ ref('int_moments__measured') }} as ends
        on timed.source = ends.source and timed.calendar_id = ends.calendar_id and censored.censored_at = ends.measured_at
    where not handoffs.is_deleted and handoffs.excluded_by is null
),

viewed as (
    select *
    from {{ marginal_views('handoffs', dimensions) }} as viewed
),

{% for what in ['contact', 'attempt'] %}
{{ what }}s as (
    select
        {{ key | join(', ') }},
        is_{{ what }}ed as is_ended,
        case when is_{{ what }}ed then {{ what }}_micros else watched_micros end as waited_micros
    from viewed
    where status <> 'not_observed'
),
{% endfor %}

counted as (
    select
        {{ key | join(', ') }},
        count(*) as handoff_count,
        {% for status in statuses %}
        count(case when status = '{{ status }}' then 1 end) as {{ status }}_count,
        {% endfor %}
        count(case when status = 'met' and is_met_before then 1 end) as met_before_count,
        count(case when status <> 'not_observed' then first_contacted_at end) as contacted_count,
        count(case when status <> 'not_observed' and is_unreachable then 1 end) as unreachable_count,
        min(case when {{ judged }} then sla_business_minutes end) as least_promised_minutes,
        max(case when {{ judged }} then sla_business_minutes end) as most_promised_minutes
    from viewed
    group by {{ key | join(', ') }}
)

select
    {{ key | join(', ') }},
    {% for name in ['handoff'] + statuses + ['met_before', 'contacted', 'unreachable'] %}
    counted.{{ name }}_count,
    {% endfor %}
    {{ rate_columns('attainment_rate', 'counted.met_count', '(counted.met_count + counted.breached_count)') }},
    {{ rate_columns('attainment_rate_after_handoff', met_after, '(' ~ met_after ~ ' + counted.breached_count)') }},
    counted.least_promised_minutes,
    counted.most_promised_minutes,
    cast(to_contact.median_micros as double) / 60000000 as median_minutes_to_contact,
    cast(to_contact.ninth_decile_micros as double) / 60000000 as ninth_decile_minutes_to_contact,
    cast(to_attempt.median_micros as double) / 60000000 as median_minutes_to_attempt
from counted
left join {{ waiting_quantiles('contacts', key) }} as to_contact using (dimension, dimension_value)
left join {{ waiting_quantiles('attempts', key) }} as to_attempt using (dimension, dimension_value)
