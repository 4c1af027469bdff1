{% set key = ['dimension', 'dimension_value', 'staff_source'] %}
{% set dimensions = {
    'service_line': 'service_line', 'location': 'location_id', 'team': 'answering_team_id', 'staff': 'staff_id',
    'contact_channel': 'contact_channel', 'hour_of_day': 'local_hour', 'weekday': 'local_weekday', 'month': 'local_month',
    'promise': 'promised_minutes', 'service_line_promise': 'line_promise',
} %}
{% set statuses = ['met', 'breached', 'open', 'censored', 'not_observed', 'not_set'] %}
{% set met_after = '(counted.met_count - counted.met_before_count)' %}
{% set observed = "status <> 'not_observed'" %}
{% set judged = "status in ('met', 'breached')" %}
{#- Whatever was promised, as met and breached but that handoffs these minutes are not over for are in neither. -#}
{% set fixed_minutes = [15, 60, 240] %}

with handoffs as (
    select *
    from {{ watched_handoffs() }} as handoffs
),

viewed as (
    select *, case when dimension = 'staff' then worked_source else '(all)' end as staff_source
    from {{ marginal_views('handoffs', dimensions) }} as viewed
),

{% for what in ['contact', 'attempt'] %}
{{ what }}s as (
    select
        {{ key | join(', ') }},
        is_{{ what }}ed as is_ended,
        case when is_{{ what }}ed then {{ what }}_micros else watched_micros end as waited_micros
    from viewed
    where {{ observed }}
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
        count(case when {{ observed }} then first_contacted_at end) as contacted_count,
        count(case when {{ observed }} and is_unreachable then 1 end) as unreachable_count,
        min(case when {{ judged }} then sla_business_minutes end) as least_promised_minutes,
        max(case when {{ judged }} then sla_business_minutes end) as most_promised_minutes,
        {% for minutes in fixed_minutes %}
        {% set micros = minutes * 60000000 %}
        {% set over = observed ~ ' and followed_micros >= ' ~ micros %}
        count(case when {{ over }} and (contact_micros <= {{ micros }} or watched_micros >= {{ micros }}) then 1 end)
            as judged_within_{{ minutes }}_minutes_count,
        count(case when {{ over }} and contact_micros <= {{ micros }} then 1 end)
            as contacted_within_{{ minutes }}_minutes_count{{ "," if not loop.last }}
        {% endfor %}
    from viewed
    group by {{ key | join(', ') }}
)

select
    dimension,
    dimension_value,
    staff_source,
    {% for name in ['handoff'] + statuses + ['met_before', 'contacted', 'unreachable'] %}
    counted.{{ name }}_count,
    {% endfor %}
    {{ rate_columns('attainment_rate', 'counted.met_count', '(counted.met_count + counted.breached_count)') }},
    {{ rate_columns('attainment_rate_after_handoff', met_after, '(' ~ met_after ~ ' + counted.breached_count)') }},
    {% for minutes in fixed_minutes %}
    {% set judged, contacted = 'judged_within_' ~ minutes ~ '_minutes', 'contacted_within_' ~ minutes ~ '_minutes' %}
    counted.{{ judged }}_count,
    counted.{{ contacted }}_count,
    {{ rate_columns(contacted ~ '_rate', 'counted.' ~ contacted ~ '_count', 'counted.' ~ judged ~ '_count') }},
    {% endfor %}
    counted.least_promised_minutes,
    counted.most_promised_minutes,
    cast(to_contact.median_micros as double) / 60000000 as median_minutes_to_contact,
    cast(to_contact.ninth_decile_micros as double) / 60000000 as ninth_decile_minutes_to_contact,
    cast(to_attempt.median_micros as double) / 60000000 as median_minutes_to_attempt
from counted
left join {{ waiting_quantiles('contacts', key) }} as to_contact using ({{ key | join(', ') }})
left join {{ waiting_quantiles('attempts', key) }} as to_attempt using ({{ key | join(', ') }})
