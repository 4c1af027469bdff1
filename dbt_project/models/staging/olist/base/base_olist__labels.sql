select
    contacted.mql_id as lead_id,
    'marketing qualified lead' as stage_raw,
    'mql' as stage,
    cast(contacted.first_contact_date as timestamp) as entered_at,
    cast(null as varchar) as actor_id,
    contacted.known_at,
    {{ lineage_columns('contacted') }}
from {{ landed('olist', 'marketing_qualified_leads') }} as contacted
union all
select
    won.mql_id as lead_id,
    'closed deal' as stage_raw,
    'sql' as stage,
    cast(won.won_date as timestamp) as entered_at,
    won.sr_id as actor_id,
    won.known_at,
    {{ lineage_columns('won') }}
from {{ landed('olist', 'closed_deals') }} as won
