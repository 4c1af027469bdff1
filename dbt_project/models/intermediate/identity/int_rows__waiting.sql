{% for object in ['lead_attributes', 'identities', 'touches', 'stage_events', 'work_events', 'appointments', 'consents'] %}
select
    waiting._source as source,
    '{{ object }}' as object,
    count(*) as row_count,
    count(distinct waiting.record_key) as record_count,
    min(waiting.known_at) as first_known_at,
    max(waiting.known_at) as last_known_at
from {{ ref('input__' ~ object) }} as waiting
anti join {{ ref('int_records__versioned') }} as records on waiting.record_key = records.record_key
where waiting.record_key is not null and waiting.known_at <= {{ as_of() }}
group by waiting._source
{{ "union all" if not loop.last }}
{% endfor %}
