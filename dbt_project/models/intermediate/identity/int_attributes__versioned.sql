{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with known as (
    select record_key, name, value, known_at, _source, _file_sha256, _row_no
    from {{ ref('input__lead_attributes') }}
    semi join {{ ref('int_records__versioned') }} as records using (record_key)
    where known_at <= {{ as_of() }} and {{ touched_only('record_key') }}
),

stated as (
    select record_key, name, value, is_tied, known_at as valid_from, known_until as valid_to
    from {{ versions('known', ['record_key', 'name'], ['value']) }} as spanned
),

first_stated as (
    select record_key, name, min(valid_from) as stated_from
    from stated
    group by record_key, name
),

-- The lead's own row speaks until a row of that name does; deleting the lead says nothing about its attributes.
on_lead_rows as (
    {% for name in ['postal_area', 'channel', 'platform', 'campaign_id', 'location_id'] %}
    select record_key, '{{ name }}' as name, {{ name }} as value, is_tied, valid_from
    from {{ ref('int_records__versioned') }}
    where not is_deleted and {{ touched_only('record_key') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

lead_changes as (
    select *
    from on_lead_rows
    qualify value is distinct from lag(value) over (partition by record_key, name order by valid_from)
),

lead_spans as (
    select
        lead_changes.*,
        lead(valid_from, 1, {{ end_of_time() }}) over (partition by record_key, name order by valid_from) as next_from
    from lead_changes
)

select record_key, name, value, 'attribute' as source_kind, is_tied, valid_from, valid_to
from stated

union all

select
    lead_spans.record_key,
    lead_spans.name,
    lead_spans.value,
    'lead' as source_kind,
    lead_spans.is_tied,
    lead_spans.valid_from,
    least(lead_spans.next_from, coalesce(first_stated.stated_from, {{ end_of_time() }})) as valid_to
from lead_spans
left join first_stated using (record_key, name)
where first_stated.stated_from is null or lead_spans.valid_from < first_stated.stated_from
