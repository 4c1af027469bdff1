select
    {{ contract_columns('teams') }}
from {{ landed('contract_files', 'teams') }} as landed
