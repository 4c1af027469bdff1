{# What a campaign cost on a day: the running sum of its units, in versions (`ad_steps.sql`). #}

{# After `pieces` and `lineage` (`campaign_day_sums`): the versions of each campaign's day, with its channel and name. #}
{% macro campaign_day_versions(folder) -%}
{{ campaign_day_sums(folder) }}

select
    platforms.value as platform,
    dated.campaign_id,
    names.campaign_name,
    coalesce(own_channel.value, kind_channel.value, any_channel.value) as channel,
    dated.currency,
    dated.units = 0 as is_deleted,
    cast(dated.cost as decimal(18, 6)) as cost,
    cast(dated.impressions as bigint) as impressions,
    cast(dated.clicks as bigint) as clicks,
    dated.spend_date,
    dated.known_at,
    dated.source as _source,
    'spend' as _object,
    dated._batch_id,
    dated.step as _row_no,
    dated._file_sha256,
    dated._extracted_at,
    dated._landed_as_of,
    dated._id_space,
    case when dated.is_first then 'event' else 'landed' end as _known_at_basis,
    false as _is_repeat,
    cast(null as varchar) as _key_hash,
    cast(null as varchar) as _row_hash
from dated
inner join {{ registry_settings('platform') }} as platforms on dated.source = platforms.source
left join names
    on
        dated.source = names.source
        and dated.campaign_id = names.campaign_id
        and dated.step >= names.from_step
        and (dated.step < names.until_step or names.until_step is null)
left join {{ registry_settings('channel_of_campaign') }} as own_channel
    on dated.source = own_channel.source and dated.campaign_id = own_channel.name
left join {{ registry_settings('channel_of_type') }} as kind_channel
    on dated.source = kind_channel.source and names.campaign_type = kind_channel.name
left join {{ registry_settings('channel') }} as any_channel on dated.source = any_channel.source
{%- endmacro %}

{# The versions of each campaign's day as the input contract's spend. #}
{% macro ad_platform_spend(folder) -%}
select
    days.platform,
    days.campaign_id,
    days.campaign_name,
    days.channel,
    days.spend_date,
    days.cost,
    days.currency,
    days.impressions,
    days.clicks,
    days.is_deleted,
    days.known_at,
    {{ lineage_columns('days') }}
from {{ ref('base_' ~ folder ~ '__campaign_days') }} as days
{%- endmacro %}
