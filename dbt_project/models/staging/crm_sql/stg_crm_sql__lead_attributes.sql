select
    {{ contract_columns('lead_attributes') }}
from {{ landed('crm_sql', 'lead_attributes') }} as landed
