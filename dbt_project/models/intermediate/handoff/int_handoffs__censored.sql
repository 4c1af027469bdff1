-- A state that had ended before the handoff says nothing of it.
select
    handoffs.lead_key,
    states.censored_by,
    states.began_at as censored_at
from {{ ref('int_handoffs__started') }} as handoffs
inner join {{ ref('int_duties__ended') }} as states on handoffs.lead_key = states.lead_key and handoffs.handed_off_at < states.ended_at
qualify row_number() over (
    partition by handoffs.lead_key
    order by greatest(states.began_at, handoffs.handed_off_at), states.began_at, states.censored_by
) = 1
