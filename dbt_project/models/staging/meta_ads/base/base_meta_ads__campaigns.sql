with called as (
    select
        told._source as source,
        coalesce(known_as.value, told.campaign_id) as campaign_id,
        told.campaign_name,
        told.campaign_type,
        told.changed_at,
        {{ lineage_columns('told') }}
    from {{ landed('meta_ads', 'campaign_history') }} as told
    left join {{ registry_settings('campaign_id') }} as known_as
        on told._source = known_as.source and told.campaign_id = known_as.name
)

select *
from {{ told_spans('called', ['source', 'campaign_id'], ['campaign_name', 'campaign_type']) }} as spans
