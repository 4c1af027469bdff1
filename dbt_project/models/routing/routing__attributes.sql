{{ config(materialized='view') }}

select attribute.record_key, attribute.name, attribute.value
from {{ ref('int_attributes__versioned') }} as attribute
semi join {{ ref('int_mqls__open') }} as mql on attribute.record_key = mql.record_key
where attribute.valid_from <= {{ as_of() }} and {{ as_of() }} < attribute.valid_to
