select
    {{ contract_columns('work_events') }}
from {{ landed('contract_files', 'work_events') }} as landed
