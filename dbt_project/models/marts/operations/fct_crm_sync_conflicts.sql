-- Values are shown only of fields that hold no free text; of the others a hash tells one change from the next. Words typed
-- where a team or member belongs are (unknown).
with known as (
    select 'handoff_team_id' as field, team_id as name from {{ ref('dim_intake_teams') }}
    union all
    select 'handoff_staff_id' as field, staff_id as name from {{ named_staff() }} as member
)

select
    conflict.destination,
    conflict.source,
    conflict.lead_id,
    conflict.lead_key,
    conflict.field,
    {%- for side in ['ours', 'theirs'] %}
    case
        when conflict.field in ('handoff_team_id', 'handoff_staff_id') and conflict.{{ side }} is not null and known_{{ side }}.name is null
            then '(unknown)'
        else conflict.{{ side }}
    end as {{ side }},
    {%- endfor %}
    conflict.theirs_sha256,
    conflict.resolution,
    conflict.found_at,
    conflict.found_as_of
from {{ ref('stg_handoff__conflicts') }} as conflict
left join known as known_ours on conflict.field = known_ours.field and conflict.ours = known_ours.name
left join known as known_theirs on conflict.field = known_theirs.field and conflict.theirs = known_theirs.name
