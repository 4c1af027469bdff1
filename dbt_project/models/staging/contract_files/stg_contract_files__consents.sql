select
    {{ contract_columns('consents') }}
from {{ landed('contract_files', 'consents') }} as landed
