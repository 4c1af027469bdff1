select
    fact.record_key,
    fact.kind,
    fact.name,
    fact.value,
    fact.became_mql_at
from {{ ref('int_mql_facts__known') }} as fact
