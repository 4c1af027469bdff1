select
    {{ contract_columns('holidays') }}
from {{ landed('crm_sql', 'holidays') }} as landed
