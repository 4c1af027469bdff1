select
    landed.click_token,
    landed.click_id_type,
    landed.platform,
    landed.campaign_id,
    landed.occurred_at,
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
from {{ staged('ad_clicks') }} as landed
where {{ unseen_batches_only() }}
