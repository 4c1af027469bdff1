with links as (
    select
        id_type,
        id_token as token,
        record_key,
        min(_id_space) as id_space,
        min(lead_id) as lead_id,
        min(known_at) as known_at
    from {{ ref('input__identities') }}
    where id_type in ('anonymous_id', 'click_id') and known_at <= {{ as_of() }}
    group by id_type, id_token, record_key
)

select
    id_type,
    token,
    record_key,
    row_number() over (partition by id_type, token order by known_at, id_space, lead_id) as link_no,
    known_at
from links
