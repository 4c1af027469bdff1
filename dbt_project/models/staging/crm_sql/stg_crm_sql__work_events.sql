select
    {{ contract_columns('work_events') }}
from {{ landed('crm_sql', 'work_events') }} as landed
