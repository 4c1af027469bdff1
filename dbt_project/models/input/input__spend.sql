select
    landed.platform,
    landed.campaign_id,
    landed.campaign_name,
    landed.channel,
    landed.spend_date,
    cast(landed.cost as decimal(18, 6)) as cost,
    landed.currency,
    cast(landed.impressions as bigint) as impressions,
    cast(landed.clicks as bigint) as clicks,
    landed.is_deleted,
    landed.known_at,
    landed._source,
    landed._object,
    landed._batch_id,
    landed._row_no,
    landed._file_sha256,
    landed._extracted_at,
    landed._landed_as_of,
    landed._id_space,
    landed._known_at_basis,
    landed._is_repeat
from {{ staged('spend') }} as landed
where {{ unseen_batches_only() }}
