select
    landed.destination,
    landed.source,
    landed.lead_id,
    landed.lead_key,
    cast(landed.sequence as bigint) as sequence,
    landed.payload_sha256,
    -- What earlier code called a dead letter, by its reason.
    case
        when landed.status = 'dead_letter' and landed.error_code = 'unknown_record' then 'gone'
        when landed.status = 'dead_letter' then 'rejected'
        else landed.status
    end as status,
    landed.remote_id,
    landed.error_code,
    landed.absent_fields,
    cast(landed.attempt as integer) as attempt,
    cast(landed.attempted_at as timestamp) as attempted_at,
    cast(landed.acknowledged_at as timestamp) as acknowledged_at,
    cast(landed.verified_at as timestamp) as verified_at,
    landed._batch_id,
    cast(landed._landed_as_of as timestamp) as _landed_as_of
from {{ landed('handoff', 'receipts', has_grown = true) }} as landed
