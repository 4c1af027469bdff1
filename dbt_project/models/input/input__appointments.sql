select
    {{ record_key('landed._id_space', 'landed.lead_id') }} as record_key,
    landed.appointment_id,
    landed.lead_id,
    landed.booked_at,
    landed.appointment_date,
    landed.starts_at,
    landed.booked_by,
    landed.status,
    landed.location_id,
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
from {{ staged('appointments') }} as landed
where {{ unseen_batches_only() }}
