select
    {{ contract_columns('consents') }}
from {{ landed('crm_sql', 'consents') }} as landed
