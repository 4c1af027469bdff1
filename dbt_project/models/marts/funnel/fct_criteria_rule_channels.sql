{% set comparison = ['fired_count', 'decided_count', 'rest_fired_count', 'rest_decided_count'] %}

-- Shares are compared with all other channels together, so that a channel is not compared with itself.
with counted as (
    select
        criteria_version,
        stage,
        section,
        rule_id,
        channel,
        is_channel_limited,
        sum(decided_count) as decided_count,
        sum(fired_count) as fired_count,
        sum(blocked_count) as blocked_count
    from {{ ref('int_rule_decisions__counted') }}
    group by criteria_version, stage, section, rule_id, channel, is_channel_limited
),

compared as (
    select
        counted.*,
        sum(decided_count) over every_channel as all_decided_count,
        sum(fired_count) over every_channel as all_fired_count,
        sum(decided_count) over every_channel - decided_count as rest_decided_count,
        sum(fired_count) over every_channel - fired_count as rest_fired_count
    from counted
    window every_channel as (partition by criteria_version, stage, rule_id)
),

judged as (
    select
        compared.*,
        {{ rate_columns('firing_rate', 'fired_count', 'decided_count') }},
        {{ share_of('all_fired_count', 'all_decided_count') }} as all_channels_firing_rate,
        {{ difference_columns('firing_rate_difference', *comparison) }}
    from {{ adjusted_p_values('compared', ['criteria_version', 'stage'], {'rest': comparison}) }} as compared
)

select
    criteria_version,
    stage,
    section,
    rule_id,
    channel,
    -- Few leads are no proof that channels are alike: only limits that lie close to 0 are.
    case
        when firing_rate_difference is null then null
        when
            firing_rate_difference_low >= -{{ var('alike_margin') }} and firing_rate_difference_high <= {{ var('alike_margin') }}
            then 'alike'
        when rest_adjusted_p_value <= {{ var('false_discovery_rate') }} then 'unlike'
        else 'too_little_known'
    end as verdict,
    is_channel_limited,
    cast(decided_count as bigint) as decided_count,
    cast(fired_count as bigint) as fired_count,
    cast(blocked_count as bigint) as blocked_count,
    cast(rest_decided_count as bigint) as rest_decided_count,
    cast(rest_fired_count as bigint) as rest_fired_count,
    cast({{ var('alike_margin') }} as double) as alike_margin,
    rest_adjusted_p_value,
    firing_rate,
    firing_rate_low,
    firing_rate_high,
    all_channels_firing_rate,
    firing_rate_difference,
    firing_rate_difference_low,
    firing_rate_difference_high
from judged
