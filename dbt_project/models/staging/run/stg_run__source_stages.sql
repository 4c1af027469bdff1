select
    source,
    stage,
    is_crm_authority,
    observed_from
from {{ landed('run', 'source_stages') }}
