-- Every service line a reference table, a lead or the criteria name; a reference row's own source speaks first.
with referenced as (
    select service_line, name
    from {{ ref('int_service_lines__current') }}
    qualify row_number() over (
        partition by service_line order by case when source = defined_by then 0 else 1 end, defined_by, source
    ) = 1
),

named as (
    select service_line from referenced
    union
    select service_line from {{ ref('int_records__versioned') }} where service_line is not null
    union
    select service_line from {{ ref('input__criteria_versions') }} where service_line is not null
    union
    select '(none)' as service_line
)

select
    named.service_line,
    referenced.name
from named
left join referenced on named.service_line = referenced.service_line
