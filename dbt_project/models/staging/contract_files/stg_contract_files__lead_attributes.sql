select
    {{ contract_columns('lead_attributes') }}
from {{ landed('contract_files', 'lead_attributes') }} as landed
