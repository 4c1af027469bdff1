{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with steps as (
    select
        record_key,
        switched_at as decided_at,
        max(criteria_version) as criteria_version,
        sum(case when is_on then 1 else -1 end) as step,
        -- At one moment both reasons may switch; staff are named first.
        bool_or(cause = 'screening') as by_screening,
        bool_or(cause = 'screening' and is_on) as on_by_screening,
        bool_or(cause = 'eligibility' and is_on) as on_by_eligibility
    from {{ ref('int_disqualifications__switched') }}
    where {{ touched_only('record_key') }}
    group by record_key, switched_at
),

standing as (
    select *, sum(step) over (partition by record_key order by decided_at) > 0 as qualifies
    from steps
)

select
    record_key,
    criteria_version,
    case
        when qualifies and on_by_screening then 'staff_confirmed'
        when qualifies and on_by_eligibility then 'criteria'
        when by_screening then 'staff_confirmed'
        else 'criteria'
    end as basis,
    qualifies,
    decided_at
from standing
qualify qualifies <> coalesce(lag(qualifies) over (partition by record_key order by decided_at), false)
