-- Worked out anew by every build: what is open hangs on the moment asked for.
select
    staged.mql_record_key as record_key,
    staged.lead_key,
    lead.lead_id,
    lead.source,
    lead.service_line,
    lead.location_id,
    {{ readiness_end('staged.became_mql_at', 'mql.service_line') }} <= {{ as_of() }} as is_past_horizon,
    staged.became_mql_at
from {{ ref('int_leads__staged') }} as staged
inner join {{ ref('int_leads__current') }} as lead on staged.lead_key = lead.lead_key
-- The horizon is that of the service line it was handed over with.
left join {{ ref('int_mqls__featured') }} as mql on staged.lead_key = mql.lead_key
where
    staged.became_mql_at is not null
    and staged.became_sql_at is null
    and staged.disqualified_at is null
    and not lead.is_deleted
    and lead.excluded_by is null
