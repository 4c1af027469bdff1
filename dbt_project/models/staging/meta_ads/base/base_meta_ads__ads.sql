-- Before its history first speaks of an ad, nobody knows whose it is: a span without a campaign.
with told as (
    select
        landed._source as source,
        landed.ad_id,
        landed.campaign_id,
        landed.changed_at,
        {{ lineage_columns('landed') }}
    from {{ landed('meta_ads', 'ad_history') }} as landed
    where landed.campaign_id is not null
),

spans as (
    select * from {{ told_spans('told', ['source', 'ad_id'], ['campaign_id']) }} as spans
),

firsts as (
    select spans.*
    from spans
    qualify row_number() over (partition by spans.source, spans.ad_id order by spans.from_step) = 1
)

select
    spans.source,
    spans.ad_id,
    spans.campaign_id,
    spans.from_step,
    spans.until_step,
    {{ lineage_columns('spans') }}
from spans
union all
select
    firsts.source,
    firsts.ad_id,
    cast(null as varchar) as campaign_id,
    0 as from_step,
    firsts.from_step as until_step,
    {{ lineage_columns('firsts') }}
from firsts
