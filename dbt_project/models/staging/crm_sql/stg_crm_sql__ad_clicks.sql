select
    {{ contract_columns('ad_clicks') }}
from {{ landed('crm_sql', 'ad_clicks') }} as landed
