select
    {{ contract_columns('spend') }}
from {{ landed('crm_sql', 'spend') }} as landed
