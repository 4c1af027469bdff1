{{ config(materialized='view') }}

{% for object, model, fact, moment in [
    ('leads', 'int_records__versioned', 'lead_id', 'valid_from'),
    ('lead_attributes', 'int_attributes__versioned', 'name', 'valid_from'),
    ('touches', 'int_touches__owned', 'touch_id', 'known_at'),
    ('stage_events', 'int_stage_events__versioned', 'event_id', 'known_at'),
    ('work_events', 'int_work_events__versioned', 'event_id', 'known_at'),
    ('appointments', 'int_appointments__versioned', 'appointment_id', 'known_at'),
    ('consents', 'int_consents__versioned', 'purpose', 'known_at'),
] %}
select
    '{{ object }}' as object,
    record_key,
    {{ fact }} as fact,
    {{ moment }} as known_at
from {{ ref(model) }}
where is_tied{{ " and source_kind = 'attribute'" if object == 'lead_attributes' }}
{{ "union all" if not loop.last }}
{% endfor %}
