with spans as (
    select record_key, criteria_version
    from {{ ref('int_record_criteria__spanned') }}
    where valid_from <= {{ as_of() }} and valid_to > {{ as_of() }}
),

attributes as (
    select record_key, name, {{ trimmed('value') }} as value
    from {{ ref('int_attributes__versioned') }}
    where
        valid_from <= {{ as_of() }}
        and valid_to > {{ as_of() }}
        and name in (select rules.name from {{ ref('input__criteria_exclusions') }} as rules)
),

-- An attribute that no row speaks of is unknown, which only `unknown: pass` takes.
excluded as (
    select records.record_key, rules.rule_id
    from {{ ref('int_records__current') }} as records
    cross join {{ ref('input__criteria_exclusions') }} as rules
    left join attributes on records.record_key = attributes.record_key and rules.name = attributes.name
    where
        {{ verdict_on('rules', 'attributes.value') }} = 'satisfied'
        or ({{ verdict_on('rules', 'attributes.value') }} = 'unknown' and rules.when_unknown = 'pass')
    qualify row_number() over (partition by records.record_key order by rules.position) = 1
)

select
    records.record_key,
    spans.criteria_version,
    excluded.rule_id as excluded_by
from {{ ref('int_records__current') }} as records
left join spans on records.record_key = spans.record_key
left join excluded on records.record_key = excluded.record_key
