select
    {{ contract_columns('locations') }}
from {{ landed('crm_sql', 'locations') }} as landed
