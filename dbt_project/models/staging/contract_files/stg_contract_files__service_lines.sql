select
    {{ contract_columns('service_lines') }}
from {{ landed('contract_files', 'service_lines') }} as landed
