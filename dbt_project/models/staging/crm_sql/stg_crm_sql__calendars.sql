select
    {{ contract_columns('calendars') }}
from {{ landed('crm_sql', 'calendars') }} as landed
