select
    source,
    id_space,
    connector,
    timezone,
    consent_required,
    stage_tolerance_seconds,
    history_latest_only,
    has_work_events,
    observed_from_all
from {{ landed('run', 'sources') }}
