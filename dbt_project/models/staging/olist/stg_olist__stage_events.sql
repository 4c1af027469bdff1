select
    landed.stage || '|' || landed.lead_id as event_id,
    landed.lead_id,
    landed.stage_raw,
    landed.stage,
    landed.entered_at,
    landed.actor_id,
    case when landed.actor_id is not null then 'staff' end as actor_type,
    'crm_label' as basis,
    cast(null as varchar) as reason,
    cast(null as boolean) as is_deleted,
    landed.known_at,
    {{ lineage_columns('landed') }}
from {{ ref('base_olist__labels') }} as landed
