with scores as (
    select
        score.record_key,
        merged.lead_key,
        score.model_version,
        score.band,
        score.readiness,
        score.is_control,
        score.horizon_days,
        score.became_mql_at,
        score.scored_as_of as scored_at,
        {{ add_seconds('score.became_mql_at', '86400 * score.horizon_days') }} as matured_at
    from {{ ref('stg_handoff__scores') }} as score
    inner join {{ ref('int_records__merged') }} as merged on score.record_key = merged.record_key
    where score.scored_as_of <= {{ as_of() }}
),

-- Routed while it could still matter; the first of several routes to a team.
routed as (
    select
        scores.record_key,
        min_by(route.team_id, route.route_no) as team_id
    from scores
    inner join {{ ref('stg_handoff__routes') }} as route
        on scores.record_key = route.record_key and scores.matured_at >= route.routed_as_of
    where route.team_id is not null
    group by scores.record_key
),

-- As training counts it: a disqualification that still stood when the lead became SQL came first.
converted as (
    select scores.record_key, sqls.became_at
    from scores
    inner join {{ ref('int_leads__entered') }} as sqls
        on scores.lead_key = sqls.lead_key and sqls.stage = 'sql' and scores.matured_at >= sqls.became_at
    where
        not exists (
            select 1
            from {{ ref('int_leads__disqualified') }} as ended
            where
                scores.lead_key = ended.lead_key
                and ended.disqualified_at > scores.became_mql_at
                and sqls.became_at > ended.disqualified_at
                and sqls.became_at < ended.ended_at
        )
),

worked as (
    select distinct scores.record_key
    from scores
    inner join {{ ref('int_contacts__made') }} as contact
        on scores.lead_key = contact.lead_key and scores.matured_at >= contact.occurred_at
    left join converted on scores.record_key = converted.record_key
    where converted.became_at is null or converted.became_at >= contact.occurred_at
)

select
    scores.record_key,
    scores.lead_key,
    lead.source,
    lead.service_line,
    scores.model_version,
    scores.band,
    routed.team_id,
    routed.record_key is not null as is_routed,
    scores.is_control,
    coalesce(told.has_work_events, false) as has_work_events,
    worked.record_key is not null as is_worked,
    converted.record_key is not null as is_converted,
    scores.readiness,
    scores.horizon_days,
    scores.became_mql_at,
    scores.scored_at,
    scores.matured_at
from scores
inner join {{ ref('int_leads__current') }} as lead on scores.lead_key = lead.lead_key
left join {{ ref('int_sources__observed') }} as told on lead.id_space = told.id_space
left join converted on scores.record_key = converted.record_key
left join worked on scores.record_key = worked.record_key
left join routed on scores.record_key = routed.record_key
where
    scores.matured_at <= {{ as_of() }}
    and not lead.is_deleted
    and lead.excluded_by is null
    -- Nor does training learn from leads that were disqualified when they became MQL, though that was taken back later.
    and not exists (
        select 1
        from {{ ref('int_leads__disqualified') }} as ended
        where
            scores.lead_key = ended.lead_key
            and ended.disqualified_at <= scores.became_mql_at
            and scores.became_mql_at < ended.ended_at
    )
