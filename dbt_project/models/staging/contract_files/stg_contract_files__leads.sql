select
    {{ contract_columns('leads') }}
from {{ landed('contract_files', 'leads') }} as landed
