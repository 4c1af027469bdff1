select
    section,
    name,
    meaning,
    comes_from
from {{ landed('criteria', 'catalogue') }}
