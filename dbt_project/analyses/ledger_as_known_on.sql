-- What did the ledger say on a day? Put the moment in question (UTC) in place of the one below; for one person, a where on
-- lead_id and source. An entry is on record from recorded_at until superseded_at, so every moment up to the run's as_of can
-- be asked for; of those that govern, the first of a lead and stage by entered_at or known_at, whichever is later, made its
-- became_ time. Which lead a record belonged to, from_stage and anomaly are as they are judged today; as they were judged
-- then says `handoff run --as-of`.
with asked as (
    select timestamp '2026-01-01 00:00:00' as moment
)

select
    transitions.lead_key,
    leads.lead_id,
    leads.source,
    transitions.transition_key,
    transitions.record_key,
    transitions.stage,
    transitions.basis,
    transitions.criteria_version,
    transitions.is_end,
    transitions.entered_at,
    transitions.known_at,
    transitions.recorded_at,
    transitions.is_governing
from {{ ref('fct_lead_stage_transitions') }} as transitions
inner join {{ ref('dim_leads') }} as leads on transitions.lead_key = leads.lead_key
inner join asked
    on
        transitions.recorded_at <= asked.moment
        and (transitions.superseded_at is null or transitions.superseded_at > asked.moment)
order by transitions.entered_at, transitions.record_key, transitions.transition_key
