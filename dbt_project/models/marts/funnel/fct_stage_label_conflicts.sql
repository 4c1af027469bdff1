-- A label is missed when none has come seven days after the tolerance. Only a role the criteria name may label an SQL.
with roles as (
    select
        compared.lead_key,
        compared.stage,
        max(case when {{ allowed_by('versions.verified_by', 'staff.role') }} then 1 else 0 end) = 1 as is_authorised,
        max(spans.criteria_version) as criteria_version
    from {{ ref('int_stage_labels__compared') }} as compared
    inner join {{ ref('int_record_criteria__spanned') }} as spans
        on
            compared.label_record_key = spans.record_key
            and compared.labelled_at >= spans.valid_from
            and compared.labelled_at < spans.valid_to
    inner join {{ ref('input__criteria_versions') }} as versions on spans.criteria_version = versions.criteria_version
    left join {{ ref('int_staff__current') }} as staff on compared.label_source = staff.source and compared.actor_id = staff.staff_id
    where compared.stage = 'sql' and compared.actor_type = 'staff'
    group by compared.lead_key, compared.stage
),

conflicts as (
    select
        compared.lead_key,
        compared.stage,
        case
            when compared.decided_at is null then 'labelled_without_evidence'
            when compared.labelled_at is null
                then case when {{ add_seconds('compared.decided_at', 'compared.tolerance_seconds + 7 * 86400') }} < {{ as_of() }} then 'missed' end
            when {{ add_seconds('compared.labelled_at', 'compared.tolerance_seconds') }} < compared.decided_at then 'labelled_too_early'
            when {{ add_seconds('compared.decided_at', 'compared.tolerance_seconds') }} < compared.labelled_at then 'labelled_too_late'
        end as kind,
        coalesce(compared.decided_criteria_version, compared.current_criteria_version) as criteria_version,
        compared.labelled_at,
        compared.decided_at
    from {{ ref('int_stage_labels__compared') }} as compared
    union all
    select
        compared.lead_key,
        compared.stage,
        'unauthorised_role' as kind,
        roles.criteria_version,
        compared.labelled_at,
        compared.decided_at
    from {{ ref('int_stage_labels__compared') }} as compared
    inner join roles on compared.lead_key = roles.lead_key and compared.stage = roles.stage
    where not roles.is_authorised
)

select
    conflicts.lead_key,
    conflicts.stage,
    conflicts.kind,
    conflicts.criteria_version,
    leads.excluded_by,
    leads.is_deleted,
    conflicts.labelled_at,
    conflicts.decided_at
from conflicts
inner join {{ ref('int_leads__current') }} as leads on conflicts.lead_key = leads.lead_key
where conflicts.kind is not null
