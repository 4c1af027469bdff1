select
    landed.team_id,
    landed.name,
    landed.queue,
    landed.service_lines,
    landed.location_ids,
    landed.complexity_levels,
    landed.languages,
    cast(landed.daily_capacity as bigint) as daily_capacity,
    cast(landed.open_lead_capacity as bigint) as open_lead_capacity,
    landed.calendar_id,
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
from {{ staged('teams') }} as landed
where {{ unseen_batches_only() }}
