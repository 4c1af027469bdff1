select
    landed.destination,
    landed.source,
    landed.lead_id,
    landed.lead_key,
    landed.field,
    landed.ours,
    landed.theirs,
    landed.theirs_sha256,
    landed.resolution,
    cast(landed.found_at as timestamp) as found_at,
    cast(landed.found_as_of as timestamp) as found_as_of,
    landed._batch_id,
    cast(landed._landed_as_of as timestamp) as _landed_as_of
from {{ landed('handoff', 'conflicts') }} as landed
