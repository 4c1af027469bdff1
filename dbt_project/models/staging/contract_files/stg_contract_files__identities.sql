select
    {{ contract_columns('identities') }}
from {{ landed('contract_files', 'identities') }} as landed
