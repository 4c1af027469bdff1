{{ config(materialized='table') }}

select
    rule_id,
    reason,
    name,
    value_in,
    value_not_in,
    when_unknown,
    position,
    value_at_least,
    value_at_most
from {{ ref('stg_criteria__exclusions') }}
