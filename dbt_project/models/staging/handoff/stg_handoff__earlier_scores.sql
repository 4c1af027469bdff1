{# A score is given once: should two batches hold one, the first stands. #}
select
    landed.record_key,
    cast(landed.became_mql_at as timestamp) as became_mql_at,
    cast(landed.readiness as double) as readiness,
    cast(landed.readiness_low as double) as readiness_low,
    cast(landed.readiness_high as double) as readiness_high,
    cast(landed.shared_error as double) as shared_error,
    landed.band,
    landed.reasons,
    landed.contributions,
    -- What was scored before leads were drawn for it was routed by its score.
    coalesce(landed.is_control, false) as is_control,
    landed.model_version,
    cast(landed.horizon_days as integer) as horizon_days,
    cast(landed.scored_as_of as timestamp) as scored_as_of,
    landed._batch_id,
    cast(landed._landed_as_of as timestamp) as _landed_as_of
from {{ landed('handoff', 'earlier_scores', has_grown = true) }} as landed
qualify row_number() over (partition by landed.record_key, landed.became_mql_at order by landed.scored_as_of, landed._batch_id) = 1
