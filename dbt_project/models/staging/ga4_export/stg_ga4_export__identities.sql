-- A link once known is not unlearned: an event withdrawn later leaves it.
select
    landed.lead_id,
    'anonymous_id' as id_type,
    cast(null as varchar) as id_value,
    landed.anonymous_token as id_token,
    landed.known_at,
    {{ lineage_columns('landed') }}
from {{ landed('ga4_export', 'events') }} as landed
where landed.lead_id is not null and landed.anonymous_token is not null and not coalesce(landed.is_deleted, false)
