select
    landed.calendar_id,
    landed.timezone,
    cast(landed.iso_weekday as bigint) as iso_weekday,
    cast(landed.opens_at as varchar) as opens_at,
    cast(landed.closes_at as varchar) as closes_at,
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
from {{ staged('calendars') }} as landed
where {{ unseen_batches_only() }}
