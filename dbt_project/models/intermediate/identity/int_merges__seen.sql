{{ config(materialized='view') }}

select distinct
    record_key,
    {{ record_key('_id_space', 'merged_into_lead_id') }} as survivor_key
from {{ ref('input__leads') }}
where merged_into_lead_id is not null

union

select distinct
    {{ record_key('_id_space', 'id_value') }} as record_key,
    record_key as survivor_key
from {{ ref('input__identities') }}
where id_type = 'crm_id'
