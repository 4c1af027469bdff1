select
    {{ contract_columns('calendars') }}
from {{ landed('contract_files', 'calendars') }} as landed
