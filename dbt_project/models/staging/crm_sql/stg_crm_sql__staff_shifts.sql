select
    {{ contract_columns('staff_shifts') }}
from {{ landed('crm_sql', 'staff_shifts') }} as landed
