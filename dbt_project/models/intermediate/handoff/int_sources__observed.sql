-- Whether anybody tells us of staff's work there: by the registry and its files now, or by what was known of it by now.
with told as (
    select
        id_space,
        has_work_events
    from {{ ref('input__sources') }}
    union all
    select
        _id_space as id_space,
        true as has_work_events
    from {{ ref('input__work_events') }}
    where known_at <= {{ as_of() }}
)

select
    id_space,
    bool_or(has_work_events) as has_work_events
from told
group by id_space
