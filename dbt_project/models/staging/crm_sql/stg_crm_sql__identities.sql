select
    {{ contract_columns('identities') }}
from {{ landed('crm_sql', 'identities') }} as landed
