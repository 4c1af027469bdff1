{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

-- Where the CRM's label decides, its labels. Else the criteria: all members' screenings together, and the eligibility of
-- the record that became MQL first (of none, the survivor's).
with members as (
    select
        merged.lead_key,
        merged.record_key,
        merged.record_key = coalesce(mqls.record_key, merged.lead_key) as is_judged,
        count(*) over (partition by merged.lead_key) > 1 as is_merged
    from {{ ref('int_records__merged') }} as merged
    inner join {{ ref('int_records__current') }} as records on merged.record_key = records.record_key
    inner join {{ ref('int_stage_authorities__set') }} as authorities
        on records.id_space = authorities.id_space and authorities.stage = 'disqualified'
    left join {{ ref('int_leads__entered') }} as mqls on merged.lead_key = mqls.lead_key and mqls.stage = 'mql'
    where authorities.basis_group = 'criteria' and {{ touched_only('merged.record_key') }}
),

switches as (
    select members.lead_key, switched.is_on, switched.switched_at
    from {{ ref('int_disqualifications__switched') }} as switched
    inner join members on switched.record_key = members.record_key
    where
        (switched.cause = 'screening' and not members.is_merged)
        or (switched.cause = 'eligibility' and members.is_judged)
    union all
    select pooled.lead_key, pooled.is_on, pooled.switched_at
    from {{ ref('int_screenings__pooled') }} as pooled
    semi join members on pooled.lead_key = members.lead_key
),

moments as (
    select
        lead_key,
        switched_at,
        sum(case when is_on then 1 else -1 end) as step
    from switches
    group by lead_key, switched_at
),

stood as (
    select
        lead_key,
        sum(step) over (partition by lead_key order by switched_at) > 0 as is_disqualified,
        switched_at
    from moments
),

changed as (
    select lead_key, is_disqualified, switched_at
    from stood
    qualify is_disqualified <> coalesce(lag(is_disqualified) over (partition by lead_key order by switched_at), false)
),

spans as (
    select
        lead_key,
        is_disqualified,
        switched_at as disqualified_at,
        lead(switched_at, 1, {{ end_of_time() }}) over (partition by lead_key order by switched_at) as ended_at
    from changed
)

select lead_key, disqualified_at, ended_at
from spans
where is_disqualified
union
select labels.lead_key, labels.disqualified_at, labels.ended_at
from {{ ref('int_labels__disqualified') }} as labels
inner join {{ ref('int_stage_authorities__set') }} as authorities
    on labels.id_space = authorities.id_space and labels.disqualified_at < labels.ended_at
where authorities.stage = 'disqualified' and authorities.basis_group = 'crm_label' and {{ touched_only('labels.lead_key') }}
