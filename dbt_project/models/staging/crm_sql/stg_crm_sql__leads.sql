select
    {{ contract_columns('leads') }}
from {{ landed('crm_sql', 'leads') }} as landed
