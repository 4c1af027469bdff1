-- To at_least and at_most what spells no number is unknown: the value says something nobody can compare.
with compared as (
    select name
    from {{ ref('input__criteria_rules') }}
    where kind = 'attribute' and coalesce(value_at_least, value_at_most) is not null
    union
    select name
    from {{ ref('input__criteria_exclusions') }}
    where coalesce(value_at_least, value_at_most) is not null
)

select
    attributes.record_key,
    attributes.name,
    attributes.valid_from as known_at
from {{ ref('int_attributes__versioned') }} as attributes
semi join compared on attributes.name = compared.name
where
    {{ trimmed('attributes.value') }} is not null
    and {{ number_spelled(trimmed('attributes.value')) }} is null
