select
    {{ contract_columns('ad_clicks') }}
from {{ landed('contract_files', 'ad_clicks') }} as landed
