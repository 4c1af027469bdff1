select
    landed.batch_id,
    landed.source,
    landed.object,
    landed.folder,
    landed.origin,
    landed.file_sha256,
    landed.reasons,
    landed.unknown_columns,
    landed.unmapped_stages,
    cast(landed.rows_read as bigint) as rows_read,
    cast(landed.rows_landed as bigint) as rows_landed,
    cast(landed.rows_duplicate as bigint) as rows_duplicate,
    cast(landed.rows_quarantined as bigint) as rows_quarantined,
    cast(landed.rows_backdated as bigint) as rows_backdated,
    coalesce(cast(landed.rows_withdrawn as bigint), 0) as rows_withdrawn,
    cast(landed.landed_as_of as timestamp) as landed_as_of,
    cast(landed.extracted_at as timestamp) as extracted_at
from {{ landed('handoff', 'load_accounting') }} as landed
