select
    {{ contract_columns('teams') }}
from {{ landed('crm_sql', 'teams') }} as landed
