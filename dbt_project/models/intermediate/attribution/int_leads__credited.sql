{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with touches as (
    select
        owned.record_key,
        merged.lead_key,
        owned.channel,
        owned.platform,
        owned.campaign_id,
        row_number() over (
            partition by merged.lead_key order by owned.occurred_at, owned.touch_id, owned.source
        ) as touch_no,
        count(*) over (partition by merged.lead_key) as touch_count
    from {{ ref('int_touches__owned') }} as owned
    inner join {{ ref('int_records__merged') }} as merged on owned.record_key = merged.record_key
    inner join {{ ref('int_leads__current') }} as leads on merged.lead_key = leads.lead_key
    where
        owned.valid_to = {{ end_of_time() }}
        and owned.occurred_at <= leads.created_at
        and owned.occurred_at >= {{ add_seconds('leads.created_at', '-86400 * ' ~ var('attribution_lookback_days')) }}
        and {{ touched_only('owned.record_key') }}
),

-- Whole micro-credits: 40/20/40 (two touches 50/50); what does not divide goes to the last touch.
shared as (
    select
        touches.*,
        case when touch_no = 1 then 1000000 else 0 end as first_micro_credits,
        case when touch_no = touch_count then 1000000 else 0 end as last_micro_credits,
        cast(floor(1000000.0 / touch_count) as bigint) as linear_share,
        case when touch_count > 2 then 400000 when touch_count = 2 then 500000 else 0 end as position_end_share,
        case when touch_count > 2 then cast(floor(200000.0 / (touch_count - 2)) as bigint) else 0 end as position_middle_share
    from touches
),

credited as (
    select
        shared.*,
        case when touch_no < touch_count then linear_share else 1000000 - (touch_count - 1) * linear_share end
            as linear_micro_credits,
        case
            when touch_no = touch_count
                then 1000000 - position_end_share - (case when touch_count > 2 then touch_count - 2 else 0 end) * position_middle_share
            when touch_no = 1 then position_end_share
            else position_middle_share
        end as position_micro_credits
    from shared
)

select
    record_key,
    lead_key,
    {{ dimension('channel') }} as channel,
    {{ dimension('platform') }} as platform,
    {{ dimension('campaign_id') }} as campaign_id,
    count(*) as touch_count,
    cast(sum(first_micro_credits) as bigint) as first_micro_credits,
    cast(sum(last_micro_credits) as bigint) as last_micro_credits,
    cast(sum(linear_micro_credits) as bigint) as linear_micro_credits,
    cast(sum(position_micro_credits) as bigint) as position_micro_credits
from credited
group by record_key, lead_key, {{ dimension('channel') }}, {{ dimension('platform') }}, {{ dimension('campaign_id') }}
