select
    {{ contract_columns('touches') }}
from {{ landed('crm_sql', 'touches') }} as landed
