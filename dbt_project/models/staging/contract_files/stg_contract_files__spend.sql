select
    {{ contract_columns('spend') }}
from {{ landed('contract_files', 'spend') }} as landed
