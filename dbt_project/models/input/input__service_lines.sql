select
    landed.service_line,
    landed.name,
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
from {{ staged('service_lines') }} as landed
where {{ unseen_batches_only() }}
