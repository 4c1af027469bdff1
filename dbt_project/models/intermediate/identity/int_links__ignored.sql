{{ config(materialized='table') }}

with later as (
    select
        links.id_type,
        links.token,
        links.record_key,
        owned.record_key as owner_record_key,
        links.known_at
    from {{ ref('int_links__known') }} as links
    inner join {{ ref('int_links__owned') }} as owned on links.id_type = owned.id_type and links.token = owned.token
    where links.link_no > 1
),

-- A touch with two tokens goes to the earlier link of the two; the other owns it no more than a later one would.
pairs as (
    select distinct
        anonymous_token,
        click_token
    from {{ ref('input__touches') }}
    where anonymous_token is not null and click_token is not null and lead_id is null and known_at <= {{ as_of() }}
),

outdone as (
    select
        case when by_web.known_at <= by_click.known_at then 'click_id' else 'anonymous_id' end as id_type,
        case when by_web.known_at <= by_click.known_at then pairs.click_token else pairs.anonymous_token end as token,
        case when by_web.known_at <= by_click.known_at then by_click.record_key else by_web.record_key end as record_key,
        case when by_web.known_at <= by_click.known_at then by_web.record_key else by_click.record_key end as owner_record_key,
        greatest(by_web.known_at, by_click.known_at) as known_at
    from pairs
    inner join {{ ref('int_links__owned') }} as by_web
        on by_web.id_type = 'anonymous_id' and pairs.anonymous_token = by_web.token
    inner join {{ ref('int_links__owned') }} as by_click
        on by_click.id_type = 'click_id' and pairs.click_token = by_click.token
    where by_web.record_key <> by_click.record_key
)

select id_type, token, record_key, owner_record_key, known_at
from later
union
select id_type, token, record_key, owner_record_key, known_at
from outdone
