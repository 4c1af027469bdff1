{{ config(materialized='view') }}

select attribute.record_key, attribute.name, attribute.value
from {{ ref('int_attributes__versioned') }} as attribute
semi join {{ ref('int_mqls__open') }} as mql on attribute.record_key = mql.record_key
where
    attribute.valid_from <= {{ as_of() }} and {{ as_of() }} < attribute.valid_to
    and attribute.name not in ('fit_points', 'behaviour_points')

{% for half in ['fit', 'behaviour'] %}
union all

select featured.record_key, '{{ half }}_points' as name, cast(cast(featured.{{ half }}_micro_points as double) / 1000000 as varchar) as value
from {{ ref('int_mqls__featured') }} as featured
semi join {{ ref('int_mqls__open') }} as mql on featured.record_key = mql.record_key
where featured.{{ half }}_micro_points is not null
{% endfor %}
