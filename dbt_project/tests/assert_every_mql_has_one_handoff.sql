select
    lifecycles.lead_key,
    count(handoffs.lead_key) as handoff_count
from {{ ref('fct_lead_lifecycles') }} as lifecycles
left join {{ ref('fct_handoffs') }} as handoffs
    on lifecycles.lead_key = handoffs.lead_key and lifecycles.became_mql_at = handoffs.handed_off_at
group by lifecycles.lead_key, lifecycles.became_mql_at
having count(handoffs.lead_key) <> count(lifecycles.became_mql_at)

union all

select handoffs.lead_key, count(*) as handoff_count
from {{ ref('fct_handoffs') }} as handoffs
anti join {{ ref('fct_lead_lifecycles') }} as lifecycles
    on handoffs.lead_key = lifecycles.lead_key and handoffs.handed_off_at = lifecycles.became_mql_at
group by handoffs.lead_key
