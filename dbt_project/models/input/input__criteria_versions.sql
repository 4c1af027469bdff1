{{ config(materialized='table') }}

with checklists as (
    select criteria_version, {{ list_of(trimmed('item_id'), 'position') }} as checklist
    from {{ ref('stg_criteria__checklist_items') }}
    group by criteria_version
)

select
    versions.criteria_version,
    service_line,
    version,
    file,
    note,
    owners,
    agreed,
    requirement,
    verified_by,
    checklists.checklist,
    script,
    content_sha256,
    is_default,
    has_fit,
    has_behaviour,
    has_sql_stage,
    total_threshold_micro_points,
    fit_threshold_micro_points,
    behaviour_threshold_micro_points,
    first_contact_business_minutes,
    effective_from
from {{ ref('stg_criteria__versions') }} as versions
left join checklists on versions.criteria_version = checklists.criteria_version
