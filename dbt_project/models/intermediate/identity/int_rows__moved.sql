{% set objects = [
    ('leads', 'null', 'null', ['record_key'], ['known_at', 'created_at']),
    ('lead_attributes', 'null', 'null', ['record_key', 'name'], ['known_at']),
    ('identities', 'id_type', 'id_token', ['record_key', 'id_type', 'id_token'], ['known_at']),
    ('touches', '_source', 'touch_id', ['_source', 'touch_id'], ['known_at', 'occurred_at']),
    ('stage_events', '_source', 'event_id', ['_source', 'event_id'], ['known_at', 'entered_at']),
    ('work_events', '_source', 'event_id', ['_source', 'event_id'], ['known_at', 'occurred_at']),
    ('appointments', '_source', 'appointment_id', ['_source', 'appointment_id'], [
        'known_at', 'booked_at', "case when status = 'held' then happens_at end"
    ]),
    ('consents', 'null', 'null', ['record_key', 'purpose', 'occurred_at'], ['known_at', 'occurred_at']),
] %}

{% for object, key_space, key_id, keys, moments in objects %}
{% set relation = ref('int_appointments__unfolded') if object == 'appointments' else ref('input__' ~ object) %}
(
    with repeats as (
        select *
        from {{ relation }}
        cross join {{ ref('input__run') }} as run
        where _batch_id >= {{ first_unbuilt_batch() }} and _is_repeat
    ),

    -- A repeat in its own source's order may be none beside another source, or where two rows tie.
    contested as (
        select {{ keys | join(', ') }}
        from {{ relation }}
        semi join repeats using ({{ keys | join(', ') }})
        group by {{ keys | join(', ') }}
        having count(*) > count(distinct known_at) or count(distinct _source) > 1
    )

    select '{{ object }}' as object, {{ key_space }} as key_space, {{ key_id }} as key_id, record_key
    from {{ relation }}
    cross join {{ ref('input__run') }} as run
    where {{ moved_since_build(moments) }}
    union
    select '{{ object }}' as object, {{ key_space }} as key_space, {{ key_id }} as key_id, record_key
    from repeats
    semi join contested using ({{ keys | join(', ') }})
)
{{ "union all" if not loop.last }}
{% endfor %}
