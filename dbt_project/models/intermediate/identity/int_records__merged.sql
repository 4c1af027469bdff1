with recursive accepted as (
    select record_key, survivor_key
    from {{ ref('int_merges__judged') }}
    where rejected_reason is null
),

followed as (
    select record_key, survivor_key as lead_key from accepted
    union
    select followed.record_key, accepted.survivor_key as lead_key
    from followed
    inner join accepted on followed.lead_key = accepted.record_key
),

survivors as (
    select followed.record_key, followed.lead_key
    from followed
    anti join accepted on followed.lead_key = accepted.record_key
)

select
    records.record_key,
    coalesce(survivors.lead_key, records.record_key) as lead_key,
    survivors.lead_key is null as is_survivor
from {{ ref('int_records__current') }} as records
left join survivors on records.record_key = survivors.record_key
