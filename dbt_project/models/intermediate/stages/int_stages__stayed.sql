{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- Where each lead that stands in the rates was at any moment: in the furthest stage it had entered, or disqualified. At
-- one moment stages come before a disqualification begins (6) or ends (7); what is entered while it stands shows after.
with leads as (
    select leads.lead_key, leads.service_line, leads.timezone, worked.team_id
    from {{ ref('int_leads__current') }} as leads
    left join {{ ref('int_leads__worked') }} as worked on leads.lead_key = worked.lead_key
    where not leads.is_deleted and leads.excluded_by is null and {{ touched_only('leads.lead_key') }}
),

moves as (
    select lead_key, {{ stage_rank('stage') }} as place, 0 as switch, became_at as moved_at
    from {{ ref('int_leads__entered') }}
    union all
    select lead_key, 0, 0, became_lead_at
    from {{ ref('int_leads__staged') }}
    union all
    select lead_key, 6, 1, disqualified_at
    from {{ ref('int_leads__disqualified') }}
    union all
    select lead_key, 7, -1, ended_at
    from {{ ref('int_leads__disqualified') }}
    where ended_at < {{ end_of_time() }}
),

stood as (
    select
        lead_key,
        place,
        moved_at,
        max(case when place < 6 then place end) over upto as furthest_rank,
        sum(switch) over upto > 0 as is_disqualified
    from moves
    where {{ touched_only('lead_key') }}
    window upto as (partition by lead_key order by moved_at, place rows between unbounded preceding and current row)
),

stages as (
    select
        lead_key,
        case when is_disqualified then 'disqualified' else {{ stage_of_rank('furthest_rank') }} end as stage,
        place,
        moved_at
    from stood
    where furthest_rank is not null
),

changes as (
    select stages.*
    from stages
    qualify stage is distinct from lag(stage) over (partition by lead_key order by moved_at, place)
),

-- Where clocks go back at midnight a local date comes twice; the later moment keeps the later date.
dated as (
    select
        changes.*,
        leads.service_line,
        leads.team_id,
        max({{ local_date('changes.moved_at', 'coalesce(offsets.offset_seconds, 0)') }}) over (
            partition by changes.lead_key order by changes.moved_at, changes.place
            rows between unbounded preceding and current row
        ) as moved_date
    from changes
    inner join leads on changes.lead_key = leads.lead_key
    left join {{ ref('input__timezone_offsets') }} as offsets
        on
            leads.timezone = offsets.timezone
            and changes.moved_at >= offsets.utc_from
            and changes.moved_at < offsets.utc_to
)

select
    lead_key,
    stage,
    {{ dimension('service_line') }} as service_line,
    {{ dimension('team_id') }} as team_id,
    case
        when lead(stage) over in_order = 'disqualified' then 'disqualified'
        when lead(stage) over in_order is not null then case when stage = 'disqualified' then 'backward' else 'forward' end
    end as left_how,
    row_number() over in_order as stay_no,
    moved_date as entered_date,
    lead(moved_date) over in_order as left_date,
    moved_at as entered_at,
    lead(moved_at) over in_order as left_at
from dated
window in_order as (partition by lead_key order by moved_at, place)
