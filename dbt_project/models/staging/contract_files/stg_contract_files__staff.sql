select
    {{ contract_columns('staff') }}
from {{ landed('contract_files', 'staff') }} as landed
