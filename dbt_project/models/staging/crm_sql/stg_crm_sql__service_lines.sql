select
    {{ contract_columns('service_lines') }}
from {{ landed('crm_sql', 'service_lines') }} as landed
