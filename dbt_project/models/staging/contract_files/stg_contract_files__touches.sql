select
    {{ contract_columns('touches') }}
from {{ landed('contract_files', 'touches') }} as landed
