{{ config(materialized='view') }}

select
    id_type,
    token,
    record_key,
    known_at
from {{ ref('int_links__known') }}
where link_no = 1
