{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

select
    record_key,
    source,
    touch_id,
    landing_page,
    occurred_at
from {{ ref('int_touches__owned') }}
where
    landing_page is not null
    and valid_to = {{ end_of_time() }}
    and {{ touched_only('record_key') }}
qualify row_number() over (partition by record_key order by occurred_at, touch_id, source) = 1
