select
    {{ contract_columns('staff_shifts') }}
from {{ landed('contract_files', 'staff_shifts') }} as landed
