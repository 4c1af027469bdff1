select
    {{ contract_columns('appointments') }}
from {{ landed('crm_sql', 'appointments') }} as landed
