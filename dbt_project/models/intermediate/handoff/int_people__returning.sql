-- Worked out anew by every build: who is open hangs on the moment asked for.
with recursive {{ people_ctes() }},

worked as (
    select people.person_key, lead.lead_key, lead.effective_at, worked.team_id, worked.staff_id, worked.last_attempted_at
    from {{ ref('int_leads__worked') }} as worked
    inner join people on worked.lead_key = people.lead_key
    inner join {{ ref('int_leads__current') }} as lead on worked.lead_key = lead.lead_key
    where (worked.team_id is not null or worked.staff_id is not null) and worked.last_attempted_at <= {{ as_of() }}
)

select
    mql.lead_key,
    people.person_key,
    earlier.team_id as previous_team_id,
    earlier.staff_id as previous_staff_id
from {{ ref('int_mqls__open') }} as mql
inner join people on mql.lead_key = people.lead_key
inner join {{ ref('int_leads__current') }} as lead on mql.lead_key = lead.lead_key
left join worked as earlier
    on
        people.person_key = earlier.person_key
        and (
            lead.effective_at > earlier.effective_at
            or (lead.effective_at = earlier.effective_at and mql.lead_key > earlier.lead_key)
        )
qualify row_number() over (
    partition by mql.lead_key order by earlier.last_attempted_at desc nulls last, earlier.lead_key nulls last
) = 1
