{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- Contactable: on some channel both allowed and reachable. Nobody's yes where consent is required and was never given.
with contacts as (
    select
        merged.lead_key,
        max(case when versions.phone_token is not null then 1 else 0 end) = 1 as has_phone,
        max(case when versions.email_token is not null then 1 else 0 end) = 1 as has_email
    from {{ ref('int_records__merged') }} as merged
    inner join {{ ref('int_records__versioned') }} as versions on merged.record_key = versions.record_key
    where versions.valid_to = {{ end_of_time() }} and {{ touched_only('merged.record_key') }}
    group by merged.lead_key
)

select
    leads.lead_key,
    leads.lead_id,
    leads.source,
    leads.id_space,
    {{ dimension('leads.service_line') }} as service_line,
    {{ dimension('leads.location_id') }} as location_id,
    {{ dimension('leads.channel') }} as channel,
    {{ dimension('leads.platform') }} as platform,
    {{ dimension('leads.campaign_id') }} as campaign_id,
    {{ dimension('leads.postal_area') }} as postal_area,
    {{ dimension('leads.landing_page') }} as landing_page,
    case
        when not (allowed.can_contact_by_call or allowed.can_contact_by_sms or allowed.can_contact_by_email) then 'no'
        when (allowed.can_contact_by_call or allowed.can_contact_by_sms) and contacts.has_phone then 'yes'
        when allowed.can_contact_by_email and contacts.has_email then 'yes'
        else 'unknown'
    end as is_contactable,
    leads.criteria_version,
    leads.excluded_by,
    leads.timezone,
    leads.is_deleted,
    allowed.can_contact_by_call,
    allowed.can_contact_by_sms,
    allowed.can_contact_by_email,
    leads.record_count,
    leads.created_at,
    leads.effective_at as became_lead_at
from {{ ref('int_leads__current') }} as leads
inner join {{ contact_permissions(touched_only('asked.lead_key')) }} as allowed on leads.lead_key = allowed.lead_key
left join contacts on leads.lead_key = contacts.lead_key
