{{ config(materialized='view') }}

-- Inside its horizon an MQL is open, not lost; before its source's SQLs were observed nobody can tell.
select
    followed.criteria_version,
    followed.section,
    followed.rule_id,
    followed.lead_key,
    followed.service_line,
    followed.row_count,
    coalesce(followed.became_sql_at <= {{ horizon_end('followed.became_mql_at') }}, false) as is_converted
from {{ ref('int_mql_rules__followed') }} as followed
where
    {{ horizon_end('followed.became_mql_at') }} <= {{ as_of() }}
    and followed.observed_from is null
