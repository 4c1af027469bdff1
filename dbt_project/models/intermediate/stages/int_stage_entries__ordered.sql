{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- What stood of each lead's entries, in the order in which it happened, within one basis: what the criteria decided,
-- what the CRM labelled, what the appointments say. Of one instant an end comes first, then stages by their way.
with placed as (
    select
        merged.lead_key,
        entries.*,
        {{ stage_rank('entries.stage') }} as stage_rank,
        case
            when entries.is_end then -1
            else coalesce({{ stage_rank('entries.stage') }}, 9)
        end as instant_order
    from {{ ref('int_stage_entries__unioned') }} as entries
    inner join {{ ref('int_records__merged') }} as merged on entries.record_key = merged.record_key
    where not entries.is_superseded and {{ touched_only('entries.record_key') }}
),

numbered as (
    select
        placed.*,
        row_number() over (
            partition by lead_key, basis_group
            order by entered_at, instant_order, known_at, record_key, entry_key
        ) as place
    from placed
),

seen as (
    select
        numbered.*,
        coalesce(max(stage_rank) over before_it, 0) as furthest_rank_before,
        count(case when stage = 'mql' then 1 end) over before_it > 0 as has_mql_before,
        count(case when stage = 'sql' then 1 end) over before_it > 0 as has_sql_before,
        count(case when stage = 'appointment' then 1 end) over before_it > 0 as has_appointment_before,
        count(case when stage = 'mql' then 1 end) over after_it > 0 as has_mql_after,
        count(case when stage = 'sql' then 1 end) over after_it > 0 as has_sql_after,
        count(case when stage = 'appointment' then 1 end) over after_it > 0 as has_appointment_after,
        row_number() over (partition by lead_key, basis_group, stage, is_end order by place) > 1 as is_reentry
    from numbered
    window
        before_it as (
            partition by lead_key, basis_group order by place rows between unbounded preceding and 1 preceding
        ),
        after_it as (
            partition by lead_key, basis_group order by place rows between 1 following and unbounded following
        )
),

-- The end of a disqualification leads back to as far as the lead had come.
moved as (
    select
        seen.*,
        case when is_end then {{ stage_of_rank('furthest_rank_before') }} else stage end as reached_stage,
        case when is_end then furthest_rank_before else stage_rank end as reached_rank
    from seen
)

select
    entry_key,
    lead_key,
    record_key,
    basis_group,
    basis,
    criteria_version,
    reached_stage as stage,
    is_end,
    is_evidenced,
    is_reentry,
    has_mql_before,
    has_sql_before,
    has_appointment_before,
    has_mql_after,
    has_sql_after,
    has_appointment_after,
    reached_rank as stage_rank,
    furthest_rank_before,
    entered_at,
    known_at,
    effective_at,
    lag(reached_stage, 1, 'lead') over (partition by lead_key, basis_group order by place) as from_stage
from moved
