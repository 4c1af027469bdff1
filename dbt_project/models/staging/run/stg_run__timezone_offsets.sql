select
    timezone,
    utc_from,
    utc_to,
    local_from,
    local_to,
    offset_seconds
from {{ landed('run', 'timezone_offsets') }}
