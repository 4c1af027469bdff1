-- What a merged-away record was given stays with it; the lead shows the score of the record that became MQL first.
select
    merged.lead_key,
    score.record_key,
    score.model_version,
    score.band,
    score.reasons,
    score.contributions,
    coalesce(mql.record_key = score.record_key and mql.became_at = score.became_mql_at, false) as is_current,
    score.is_control,
    round(score.readiness, 6) as readiness,
    round(score.readiness_low, 6) as readiness_low,
    round(score.readiness_high, 6) as readiness_high,
    round(score.shared_error, 6) as shared_error,
    score.horizon_days,
    score.became_mql_at,
    score.scored_as_of as scored_at
from {{ ref('stg_handoff__scores') }} as score
inner join {{ ref('int_records__merged') }} as merged on score.record_key = merged.record_key
left join {{ ref('int_leads__entered') }} as mql on merged.lead_key = mql.lead_key and mql.stage = 'mql'
where score.scored_as_of <= {{ as_of() }}
