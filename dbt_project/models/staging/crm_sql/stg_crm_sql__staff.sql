select
    {{ contract_columns('staff') }}
from {{ landed('crm_sql', 'staff') }} as landed
