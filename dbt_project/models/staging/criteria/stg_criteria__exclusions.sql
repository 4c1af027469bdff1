select
    rule_id,
    reason,
    name,
    value_in,
    value_not_in,
    when_unknown,
    position,
    value_at_least,
    value_at_most
from {{ landed('criteria', 'exclusions') }}
