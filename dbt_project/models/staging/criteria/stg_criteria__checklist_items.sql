select
    criteria_version,
    item_id,
    text,
    position
from {{ landed('criteria', 'checklist_items') }}
