select
    {{ contract_columns('appointments') }}
from {{ landed('contract_files', 'appointments') }} as landed
