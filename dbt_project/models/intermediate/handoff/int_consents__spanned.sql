-- A row without a channel speaks of all three; on a tie of moments withdrawn holds.
with channels as (
    select 'call' as channel
    union all
    select 'sms' as channel
    union all
    select 'email' as channel
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

select
    lead_key,
    channel,
    is_withdrawn,
    valid_from,
    lead(valid_from, 1, {{ end_of_time() }}) over (partition by lead_key, channel order by valid_from) as valid_to
from stated
