-- Values are shown only of fields that hold no free text; of the others a hash tells one change from the next.
select
    conflict.destination,
    conflict.source,
    conflict.lead_id,
    conflict.lead_key,
    conflict.field,
    conflict.ours,
    conflict.theirs,
    conflict.theirs_sha256,
    conflict.resolution,
    conflict.found_at,
    conflict.found_as_of
from {{ ref('stg_handoff__conflicts') }} as conflict
