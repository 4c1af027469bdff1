-- In wall-clock time, never cut by as_of: a receipt says what was sent, whatever moment a build answers for.
select
    receipt.destination,
    receipt.source,
    receipt.lead_id,
    receipt.lead_key,
    receipt.payload_sha256,
    receipt.status,
    receipt.remote_id,
    receipt.error_code,
    receipt.absent_fields,
    receipt.sequence,
    receipt.attempt,
    receipt.attempted_at,
    receipt.acknowledged_at,
    receipt.verified_at
from {{ ref('stg_handoff__receipts') }} as receipt
