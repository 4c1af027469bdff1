{{ config(materialized='view') }}

select
    record_key,
    survivor_key,
    rejected_reason as reason,
    known_at
from {{ ref('int_merges__judged') }}
where rejected_reason is not null
