-- Every became_ moment is the effective moment of an entry that stands, and no governing entry is left without one.
with moments as (
    select lead_key, 'mql' as stage, became_mql_at as became_at from {{ ref('fct_lead_lifecycles') }}
    union all
    select lead_key, 'sql' as stage, became_sql_at as became_at from {{ ref('fct_lead_lifecycles') }}
    union all
    select lead_key, 'opportunity' as stage, became_opportunity_at as became_at from {{ ref('fct_lead_lifecycles') }}
    union all
    select lead_key, 'appointment' as stage, appointment_booked_at as became_at from {{ ref('fct_lead_lifecycles') }}
    union all
    select lead_key, 'consult' as stage, consult_held_at as became_at from {{ ref('fct_lead_lifecycles') }}
),

governing as (
    select
        judged.lead_key,
        judged.stage,
        min(judged.effective_at) as became_at
    from {{ ref('int_stage_entries__judged') }} as judged
    inner join {{ ref('int_records__current') }} as records on judged.record_key = records.record_key
    inner join {{ ref('int_stage_authorities__set') }} as authorities
        on
            records.id_space = authorities.id_space
            and judged.stage = authorities.stage
            and judged.basis_group = authorities.basis_group
    inner join {{ ref('fct_lead_stage_transitions') }} as transitions on judged.entry_key = transitions.transition_key
    where not judged.is_superseded and not judged.is_end
    group by judged.lead_key, judged.stage
)

select moments.lead_key, moments.stage, moments.became_at, governing.became_at as entered_at
from moments
left join governing on moments.lead_key = governing.lead_key and moments.stage = governing.stage
where moments.became_at is distinct from governing.became_at
