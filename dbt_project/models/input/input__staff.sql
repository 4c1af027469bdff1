select
    landed.staff_id,
    landed.role,
    landed.team_id,
    landed.languages,
    cast(landed.daily_capacity as bigint) as daily_capacity,
    cast(landed.open_lead_capacity as bigint) as open_lead_capacity,
    landed.valid_from,
    landed.valid_to,
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
from {{ staged('staff') }} as landed
where {{ unseen_batches_only() }}
