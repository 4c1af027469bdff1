select
    {{ contract_columns('locations') }}
from {{ landed('contract_files', 'locations') }} as landed
