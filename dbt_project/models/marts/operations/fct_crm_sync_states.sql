-- In wall-clock time, as receipts: what each run left behind, whatever moment a build answers for.
select
    states.destination,
    states._batch_id as batch_id,
    states.state,
    states.mode,
    states.record_count,
    states.wanted_count,
    cast(coalesce({{ epoch_seconds('states.counted_at') }} - {{ epoch_seconds('states.oldest_unsent_at') }}, 0) / 60.0 as double) as oldest_unsent_minutes,
    states.oldest_unsent_at,
    states.counted_at
from {{ ref('stg_handoff__sync_states') }} as states
