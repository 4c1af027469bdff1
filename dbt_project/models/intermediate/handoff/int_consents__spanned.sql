-- A row without a channel speaks of all three; on a tie of moments withdrawn holds.
with channels as (
    {{ contact_channel_rows() }}
),

stated as (
    select
        merged.lead_key,
        channels.channel,
        consents.valid_from,
        max(case when consents.status = 'withdrawn' then 1 else 0 end) = 1 as is_withdrawn
    from {{ ref('int_consents__versioned') }} as consents
    inner join {{ ref('int_records__merged') }} as merged on consents.record_key = merged.record_key
    inner join channels on consents.channel is null or consents.channel = channels.channel
    where consents.purpose = 'contact' and consents.is_current
    group by merged.lead_key, channels.channel, consents.valid_from
)

{{ consent_spans('stated') }}
