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
),

channels as (
    select 'call' as channel
    union all
    select 'sms' as channel
    union all
    select 'email' as channel
),

required as (
    select
        id_space,
        bool_or(consent_required) as is_consent_required
    from {{ ref('input__sources') }}
    group by id_space
),

allowed as (
    select
        leads.lead_key,
        max(case when not coalesce(consents.is_withdrawn, required.is_consent_required, false) then 1 else 0 end) as is_allowed,
        max(
            case
                when coalesce(consents.is_withdrawn, required.is_consent_required, false) then 0
                when channels.channel = 'email' and contacts.has_email then 1
                when channels.channel <> 'email' and contacts.has_phone then 1
                else 0
            end
        ) as is_reachable
    from {{ ref('int_leads__current') }} as leads
    cross join channels
    left join contacts on leads.lead_key = contacts.lead_key
    left join required on leads.id_space = required.id_space
    left join {{ ref('int_consents__spanned') }} as consents
        on
            leads.lead_key = consents.lead_key
            and channels.channel = consents.channel
            and consents.valid_to = {{ end_of_time() }}
    where {{ touched_only('leads.lead_key') }}
    group by leads.lead_key
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
    case when allowed.is_allowed = 0 then 'no' when allowed.is_reachable = 1 then 'yes' else 'unknown' end as is_contactable,
    leads.criteria_version,
    leads.excluded_by,
    leads.timezone,
    leads.is_deleted,
    leads.record_count,
    leads.created_at,
    leads.effective_at as became_lead_at
from {{ ref('int_leads__current') }} as leads
inner join allowed on leads.lead_key = allowed.lead_key
