select
    entry_key as transition_key,
    lead_key,
    record_key,
    from_stage,
    stage,
    basis,
    criteria_version,
    anomaly,
    is_superseded,
    entered_at,
    known_at
from {{ ref('int_stage_entries__judged') }}
