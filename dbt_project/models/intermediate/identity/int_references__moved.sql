{% for object in ['calendars', 'holidays', 'locations', 'staff'] %}
select
    '{{ object }}' as object,
    count(*) as row_count
from {{ ref('input__' ~ object) }}
cross join {{ ref('input__run') }} as run
where {{ moved_since_build(['known_at']) }}

union all
{% endfor %}

-- A version that begins is a candidate moment for every record.
select
    'criteria_versions' as object,
    count(*) as row_count
from {{ ref('input__criteria_versions') }} as versions
cross join {{ ref('input__run') }} as run
where versions.effective_from > run.built_as_of and versions.effective_from <= run.as_of
