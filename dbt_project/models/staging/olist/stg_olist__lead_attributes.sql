select
    landed.mql_id as lead_id,
    'landing_page_id' as name,
    landed.landing_page_id as value,
    landed.known_at,
    {{ lineage_columns('landed') }}
from {{ landed('olist', 'marketing_qualified_leads') }} as landed
