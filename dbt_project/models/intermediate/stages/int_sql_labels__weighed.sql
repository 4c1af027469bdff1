{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- Only a role the criteria name may label an SQL. A label stands on mere interest where all that was known when it took
-- effect is an MQL or a touch that counts for one: no SQL by the criteria, no screening that qualified, no booking of their
-- own, nothing else that makes ready.
with unsupported as (
    select compared.lead_key, merged.record_key, compared.label_effective_at as moment
    from {{ ref('int_stage_labels__compared') }} as compared
    inner join {{ ref('int_records__merged') }} as merged on compared.lead_key = merged.lead_key
    where
        compared.stage = 'sql'
        and compared.labelled_at is not null
        and {{ touched_only('compared.lead_key') }}
        and (compared.decided_at is null or compared.decided_at > compared.label_effective_at)
),

interested as (
    select labels.lead_key
    from unsupported as labels
    inner join {{ ref('int_touches__matched') }} as touches
        on labels.record_key = touches.record_key and touches.counts_from_micros <= {{ epoch_micros('labels.moment') }}
    union
    select labels.lead_key
    from unsupported as labels
    inner join {{ ref('int_mql_records__decided') }} as mqls
        on labels.record_key = mqls.record_key and mqls.qualifies and mqls.decided_at <= labels.moment
),

ready as (
    select labels.lead_key
    from unsupported as labels
    inner join {{ ref('int_screenings__spanned') }} as screenings
        on
            labels.record_key = screenings.record_key
            and screenings.outcome = 'qualified'
            and labels.moment >= screenings.valid_from
            and labels.moment < screenings.valid_to
    union
    select labels.lead_key
    from unsupported as labels
    inner join {{ ref('int_appointments__versioned') }} as appointments
        on
            labels.record_key = appointments.record_key
            and appointments.booked_by = 'lead'
            and coalesce(appointments.status, 'booked') <> 'cancelled'
            and labels.moment >= appointments.valid_from
            and labels.moment < appointments.valid_to
    union
    select labels.lead_key
    from unsupported as labels
    inner join {{ ref('int_record_criteria__spanned') }} as spans
        on labels.record_key = spans.record_key and labels.moment >= spans.valid_from and labels.moment < spans.valid_to
    inner join {{ ref('int_readiness_items__stepped') }} as steps
        on spans.span_key = steps.span_key and steps.moment <= labels.moment
    group by labels.lead_key, labels.record_key
    having sum(steps.step) > 0
),

roles as (
    select
        compared.lead_key,
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
    where compared.stage = 'sql' and compared.actor_type = 'staff' and {{ touched_only('compared.lead_key') }}
    group by compared.lead_key
)

select
    compared.lead_key,
    compared.stage,
    roles.criteria_version,
    coalesce(not roles.is_authorised, false) as is_unauthorised,
    interested.lead_key is not null and ready.lead_key is null as is_mere_interest
from {{ ref('int_stage_labels__compared') }} as compared
left join interested on compared.lead_key = interested.lead_key
left join ready on compared.lead_key = ready.lead_key
left join roles on compared.lead_key = roles.lead_key
where compared.stage = 'sql' and compared.labelled_at is not null and {{ touched_only('compared.lead_key') }}
