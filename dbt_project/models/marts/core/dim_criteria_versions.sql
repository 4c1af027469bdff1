select
    criteria_version,
    {{ dimension('versions.service_line') }} as service_line,
    version,
    file,
    requirement,
    note,
    owners,
    agreed,
    script,
    content_sha256,
    is_default,
    {{ units_of_micros('total_threshold_micro_points') }} as total_threshold_points,
    {{ units_of_micros('fit_threshold_micro_points') }} as fit_threshold_points,
    {{ units_of_micros('behaviour_threshold_micro_points') }} as behaviour_threshold_points,
    first_contact_business_minutes,
    effective_from,
    lead(effective_from) over (partition by versions.service_line order by effective_from) as effective_to
from {{ ref('input__criteria_versions') }} as versions
