{{ config(materialized='view') }}

-- Read just before a write, at the wall clock's moment: every row that landed counts, those known after as_of as well, and
-- before anything was said what the source requires.
with channels as (
    {{ contact_channel_rows() }}
),

required as (
    select id_space, bool_or(consent_required) as is_consent_required
    from {{ ref('input__sources') }}
    group by id_space
),

rows_known as (
    select
        merged.lead_key,
        consents.record_key,
        coalesce(consents.channel, '') as channel_or_all,
        consents.status,
        consents.occurred_at,
        consents.known_at,
        greatest(consents.occurred_at, consents.known_at) as effective_at
    from {{ ref('input__consents') }} as consents
    inner join {{ ref('int_records__merged') }} as merged on consents.record_key = merged.record_key
    where consents.purpose = 'contact'
),

-- A row said again otherwise holds in its latest version.
latest as (
    select *
    from rows_known
    qualify known_at = max(known_at) over (partition by record_key, channel_or_all, occurred_at)
),

stated as (
    select
        latest.lead_key,
        channels.channel,
        latest.effective_at as valid_from,
        max(case when latest.status = 'withdrawn' then 1 else 0 end) = 1 as is_withdrawn
    from latest
    inner join channels on latest.channel_or_all = '' or latest.channel_or_all = channels.channel
    group by latest.lead_key, channels.channel, latest.effective_at

    union all

    select
        leads.lead_key,
        channels.channel,
        {{ beginning_of_time() }} as valid_from,
        coalesce(required.is_consent_required, false) as is_withdrawn
    from {{ ref('int_leads__current') }} as leads
    cross join channels
    left join required on leads.id_space = required.id_space
)

{{ consent_spans('stated') }}
