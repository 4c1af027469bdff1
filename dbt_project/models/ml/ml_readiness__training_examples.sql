-- The population is the one that scoring sees: MQLs that were neither SQL nor disqualified when they became MQL.
with kept as (
    select
        source.id_space,
        bool_or(source.history_latest_only) as is_latest_only
    from {{ ref('input__sources') }} as source
    group by source.id_space
)

select
    {{ readiness_facts('mql') }},
    coalesce(kept.is_latest_only, false) as is_latest_only,
    case when sqls.became_at <= {{ horizon_end('mql.became_mql_at') }} then sqls.became_at end as became_sql_at
from {{ ref('int_mqls__featured') }} as mql
inner join {{ ref('int_leads__current') }} as lead on mql.lead_key = lead.lead_key
left join kept on lead.id_space = kept.id_space
left join {{ ref('int_leads__entered') }} as sqls on mql.lead_key = sqls.lead_key and sqls.stage = 'sql'
left join {{ ref('int_stage_authorities__set') }} as observed on mql.id_space = observed.id_space and observed.stage = 'sql'
where
    {{ horizon_end('mql.became_mql_at') }} <= {{ as_of() }}
    and (observed.observed_from is null or observed.observed_from <= mql.became_mql_at)
    and (sqls.became_at is null or sqls.became_at > mql.became_mql_at)
    and not exists (
        select 1
        from {{ ref('int_leads__disqualified') }} as ended
        where
            mql.lead_key = ended.lead_key
            and ended.disqualified_at <= mql.became_mql_at
            and mql.became_mql_at < ended.ended_at
    )
    and not lead.is_deleted
    and lead.excluded_by is null
