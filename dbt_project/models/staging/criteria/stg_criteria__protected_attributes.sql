select
    name,
    reason
from {{ landed('criteria', 'protected_attributes') }}
