{{ config(materialized='view') }}

select
    later.id_type,
    later.token,
    later.record_key,
    owned.record_key as owner_record_key,
    later.known_at
from {{ ref('int_links__known') }} as later
inner join {{ ref('int_links__owned') }} as owned on later.id_type = owned.id_type and later.token = owned.token
where later.link_no > 1
