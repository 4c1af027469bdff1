select
    {{ contract_columns('stage_events') }}
from {{ landed('contract_files', 'stage_events') }} as landed
