{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with changes as (
    select record_key, {{ trimmed('service_line') }} as service_line, valid_from
    from {{ ref('int_records__versioned') }}
    where {{ touched_only('record_key') }}
    qualify
        lag(valid_from) over (partition by record_key order by valid_from) is null
        or {{ trimmed('service_line') }} is distinct from lag({{ trimmed('service_line') }}) over (
            partition by record_key
            order by valid_from
        )
),

lines as (
    select
        changes.record_key,
        changes.service_line,
        case when own.service_line is null then null else changes.service_line end as criteria_line,
        changes.valid_from,
        lead(changes.valid_from, 1, {{ end_of_time() }}) over (
            partition by changes.record_key
            order by changes.valid_from
        ) as valid_to
    from changes
    left join (
        select distinct service_line from {{ ref('int_criteria__in_force') }}
    ) as own on changes.service_line = own.service_line
),

spans as (
    select
        lines.record_key,
        lines.service_line,
        in_force.criteria_version,
        records.effective_at,
        greatest(lines.valid_from, in_force.valid_from, records.effective_at) as valid_from,
        least(lines.valid_to, in_force.valid_to) as valid_to
    from lines
    inner join {{ ref('int_records__current') }} as records on lines.record_key = records.record_key
    inner join {{ ref('int_criteria__in_force') }} as in_force
        on coalesce(lines.criteria_line, '') = coalesce(in_force.service_line, '')
    where greatest(lines.valid_from, in_force.valid_from, records.effective_at) <= {{ as_of() }}
)

select
    record_key,
    {{ short_key(['record_key', 'valid_from']) }} as span_key,
    service_line,
    criteria_version,
    row_number() over (partition by record_key order by valid_from) as span_no,
    effective_at,
    valid_from,
    valid_to
from spans
where valid_from < valid_to
