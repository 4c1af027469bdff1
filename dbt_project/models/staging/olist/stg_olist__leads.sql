-- What a deal later says of a winner (segment, revenue, stock) exists for winners only: it is no attribute of a lead.
select
    landed.mql_id as lead_id,
    cast(landed.first_contact_date as timestamp) as created_at,
    cast(null as varchar) as service_line,
    cast(null as varchar) as location_id,
    landed.origin as channel,
    cast(null as varchar) as platform,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as email_token,
    cast(null as varchar) as phone_token,
    cast(null as varchar) as postal_area,
    cast(null as varchar) as merged_into_lead_id,
    cast(null as boolean) as is_deleted,
    landed.known_at,
    {{ lineage_columns('landed') }}
from {{ landed('olist', 'marketing_qualified_leads') }} as landed
