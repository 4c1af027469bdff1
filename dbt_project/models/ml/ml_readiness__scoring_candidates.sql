select {{ readiness_facts('mql') }}
from {{ ref('int_mqls__featured') }} as mql
inner join {{ ref('int_mqls__open') }} as open_mql
    on mql.record_key = open_mql.record_key and mql.became_mql_at = open_mql.became_mql_at
where not open_mql.is_past_horizon
