select
    {{ contract_columns('holidays') }}
from {{ landed('contract_files', 'holidays') }} as landed
