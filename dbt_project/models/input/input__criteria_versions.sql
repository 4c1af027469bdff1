{{ config(materialized='table') }}

select
    criteria_version,
    service_line,
    version,
    file,
    note,
    owners,
    agreed,
    requirement,
    verified_by,
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
from {{ ref('stg_criteria__versions') }}
