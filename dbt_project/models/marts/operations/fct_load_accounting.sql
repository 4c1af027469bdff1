select
    batch_id,
    source,
    object,
    folder,
    origin,
    file_sha256,
    reasons,
    unknown_columns,
    unmapped_stages,
    rows_read,
    rows_landed,
    rows_duplicate,
    rows_quarantined,
    rows_backdated,
    landed_as_of,
    extracted_at
from {{ ref('stg_handoff__load_accounting') }}
