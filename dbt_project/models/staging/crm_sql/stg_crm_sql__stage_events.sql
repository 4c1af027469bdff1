select
    {{ contract_columns('stage_events') }}
from {{ landed('crm_sql', 'stage_events') }} as landed
