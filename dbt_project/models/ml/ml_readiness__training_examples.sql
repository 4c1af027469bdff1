-- The population is the one that scoring sees: MQLs that were neither SQL nor disqualified when they became MQL.
with recursive kept as (
    select
        source.id_space,
        bool_or(source.history_latest_only) as is_latest_only
    from {{ ref('input__sources') }} as source
    group by source.id_space
),

mqls as (
    select {{ readiness_facts('mql') }}, mql.id_space, {{ readiness_end('mql.became_mql_at', 'mql.service_line') }} as horizon_ends_at
    from {{ ref('int_mqls__featured') }} as mql
),

sqls as (
    select mqls.lead_key, entered.became_at, entered.basis = 'self_scheduled' as is_self_scheduled
    from mqls
    inner join {{ ref('int_leads__entered') }} as entered
        on mqls.lead_key = entered.lead_key and entered.stage = 'sql' and mqls.horizon_ends_at >= entered.became_at
),

-- A disqualification that was taken back before the lead became SQL ended nothing.
ended as (
    select
        mqls.lead_key,
        min(case when mqls.became_mql_at >= ended.disqualified_at then ended.disqualified_at end) as earlier_at,
        min(case when coalesce(sqls.became_at < ended.ended_at, true) then ended.disqualified_at end) as disqualified_at
    from mqls
    inner join {{ ref('int_leads__disqualified') }} as ended
        on
            mqls.lead_key = ended.lead_key
            and mqls.became_mql_at < ended.ended_at
            and mqls.horizon_ends_at >= ended.disqualified_at
    left join sqls on mqls.lead_key = sqls.lead_key
    where sqls.became_at is null or sqls.became_at > ended.disqualified_at
    group by mqls.lead_key
),

-- Tried or reached by staff before it became SQL, and within the horizon; also before it was MQL.
worked as (
    select mqls.lead_key, min(contact.occurred_at) as first_worked_at
    from mqls
    inner join {{ ref('int_contacts__made') }} as contact
        on mqls.lead_key = contact.lead_key and mqls.horizon_ends_at >= contact.occurred_at
    left join sqls on mqls.lead_key = sqls.lead_key
    where sqls.became_at is null or sqls.became_at >= contact.occurred_at
    group by mqls.lead_key
),

{{ people_ctes() }}

select
    mqls.* except (id_space, horizon_ends_at),
    people.person_key,
    coalesce(kept.is_latest_only, false) as is_latest_only,
    coalesce(told.has_work_events, false) as has_work_events,
    worked.lead_key is not null as is_worked,
    coalesce(sqls.is_self_scheduled, false) as is_self_scheduled,
    worked.first_worked_at,
    sqls.became_at as became_sql_at,
    ended.disqualified_at
from mqls
inner join {{ ref('int_leads__current') }} as lead on mqls.lead_key = lead.lead_key
inner join people on mqls.lead_key = people.lead_key
left join kept on lead.id_space = kept.id_space
left join {{ ref('int_sources__observed') }} as told on mqls.id_space = told.id_space
left join {{ ref('int_leads__entered') }} as any_sql on mqls.lead_key = any_sql.lead_key and any_sql.stage = 'sql'
left join sqls on mqls.lead_key = sqls.lead_key
left join ended on mqls.lead_key = ended.lead_key
left join worked on mqls.lead_key = worked.lead_key
left join {{ ref('int_stage_authorities__set') }} as observed on mqls.id_space = observed.id_space and observed.stage = 'sql'
where
    mqls.horizon_ends_at <= {{ as_of() }}
    and (observed.observed_from is null or observed.observed_from <= mqls.became_mql_at)
    and (any_sql.became_at is null or any_sql.became_at > mqls.became_mql_at)
    and ended.earlier_at is null
    and not lead.is_deleted
    and lead.excluded_by is null
