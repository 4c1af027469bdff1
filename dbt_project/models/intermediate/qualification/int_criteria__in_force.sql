with versions as (
    select
        criteria_version,
        is_default,
        {{ trimmed('service_line') }} as service_line,
        effective_from as valid_from,
        lead(effective_from, 1, {{ end_of_time() }}) over (
            partition by service_line
            order by effective_from
        ) as valid_to
    from {{ ref('input__criteria_versions') }}
),

-- Until its own first version begins, a service line is decided by the default ones.
own_lines as (
    select service_line, min(valid_from) as own_from
    from versions
    where not is_default
    group by service_line
)

select service_line, criteria_version, is_default, valid_from, valid_to
from versions

union all

select
    own_lines.service_line,
    versions.criteria_version,
    versions.is_default,
    versions.valid_from,
    least(versions.valid_to, own_lines.own_from) as valid_to
from own_lines
inner join versions on versions.is_default and versions.valid_from < own_lines.own_from
