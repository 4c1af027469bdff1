-- The minutes of the version in force at the handoff, for the service line as it was known then.
select
    mqls.lead_key,
    mqls.record_key,
    mqls.source,
    mqls.id_space,
    mqls.service_line,
    mqls.location_id,
    mqls.calendar_id,
    versions.criteria_version,
    cast(versions.first_contact_business_minutes as bigint) as sla_business_minutes,
    mqls.became_at as handed_off_at
from {{ ref('int_leads__dimensioned') }} as mqls
left join {{ ref('int_record_criteria__spanned') }} as spans
    on
        mqls.record_key = spans.record_key
        and mqls.became_at >= spans.valid_from
        and mqls.became_at < spans.valid_to
left join {{ ref('input__criteria_versions') }} as versions on spans.criteria_version = versions.criteria_version
where mqls.stage = 'mql'
