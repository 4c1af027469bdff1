select
    landed.destination,
    landed.mode,
    landed.state,
    cast(landed.record_count as bigint) as record_count,
    cast(landed.wanted_count as bigint) as wanted_count,
    cast(landed.oldest_unsent_at as timestamp) as oldest_unsent_at,
    cast(landed.counted_at as timestamp) as counted_at,
    landed._batch_id,
    cast(landed._landed_as_of as timestamp) as _landed_as_of
from {{ landed('handoff', 'sync_states') }} as landed
