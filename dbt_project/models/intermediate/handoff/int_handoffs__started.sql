-- The minutes of the version in force at the handoff, for the service line as it was known then: also where the CRM's label
-- made the MQL before its lead was seen.
with lines as (
    select distinct service_line
    from {{ ref('int_criteria__in_force') }}
),

mqls as (
    select
        entries.*,
        lines.service_line as criteria_line
    from {{ ref('int_leads__dimensioned') }} as entries
    left join lines on {{ trimmed('entries.service_line') }} = lines.service_line
    where entries.stage = 'mql'
)

select
    mqls.lead_key,
    mqls.record_key,
    mqls.source,
    mqls.id_space,
    mqls.service_line,
    mqls.location_id,
    mqls.calendar_id,
    in_force.criteria_version,
    cast(versions.first_contact_business_minutes as bigint) as sla_business_minutes,
    mqls.became_at as handed_off_at
from mqls
left join {{ ref('int_criteria__in_force') }} as in_force
    on
        coalesce(mqls.criteria_line, '') = coalesce(in_force.service_line, '')
        and mqls.became_at >= in_force.valid_from
        and mqls.became_at < in_force.valid_to
left join {{ ref('input__criteria_versions') }} as versions on in_force.criteria_version = versions.criteria_version
