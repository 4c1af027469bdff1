{# A score is given once: should two batches hold one, the first stands. #}
select
    landed.record_key,
    cast(landed.became_mql_at as timestamp) as became_mql_at,
    cast(landed.readiness as double) as readiness,
    landed.band,
    landed.reasons,
    landed.model_version,
    cast(landed.horizon_days as integer) as horizon_days,
    cast(landed.scored_as_of as timestamp) as scored_as_of,
    landed._batch_id,
    cast(landed._landed_as_of as timestamp) as _landed_as_of
from {{ landed('handoff', 'scores') }} as landed
qualify row_number() over (partition by landed.record_key, landed.became_mql_at order by landed.scored_as_of, landed._batch_id) = 1
