{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with rejections as (
    select record_key, valid_from, valid_to
    from {{ ref('int_screenings__spanned') }}
    where outcome = 'not_qualified' and {{ touched_only('record_key') }}
),

changes as (
    select record_key, valid_from as changed_at from rejections
    union
    select record_key, valid_to as changed_at from rejections where valid_to < {{ end_of_time() }}
    union
    select record_key, {{ beginning_of_time() }} as changed_at from rejections
),

latest as (
    select changes.record_key, changes.changed_at, max(rejections.valid_from) as rejected_at
    from changes
    left join rejections
        on
            changes.record_key = rejections.record_key
            and changes.changed_at >= rejections.valid_from
            and changes.changed_at < rejections.valid_to
    group by changes.record_key, changes.changed_at
)

select
    record_key,
    rejected_at,
    changed_at as valid_from,
    lead(changed_at, 1, {{ end_of_time() }}) over (partition by record_key order by changed_at) as valid_to
from latest
