{# Which leads are one person: for what is learned from them, never for what is decided. #}

{#
  CTEs that give `people`: lead_key and person_key, a hash that leads share who are one person or one household: merged, or
  with an e-mail address or a phone number of any of their records in common, directly or by way of other leads. So no person
  is learned from and judged by at once. What more than a hundred leads give is nobody's own (a switchboard, a made-up number).
  Walked is from each group's least leads only, so a large group costs a row a lead.
#}
{% macro people_ctes() -%}
reached_by as (
    {% for kind in ['email', 'phone'] %}
    select merged.lead_key, '{{ kind }}' as kind, records.{{ kind }}_token as token
    from {{ ref('int_records__versioned') }} as records
    inner join {{ ref('int_records__merged') }} as merged on records.record_key = merged.record_key
    where records.{{ kind }}_token is not null
    union
    {% endfor %}
    select merged.lead_key, links.id_type as kind, links.id_token as token
    from {{ ref('input__identities') }} as links
    inner join {{ ref('int_records__merged') }} as merged on links.record_key = merged.record_key
    where links.id_type in ('email', 'phone') and links.id_token is not null and links.known_at <= {{ as_of() }}
),

hubs as (
    select kind, token, min(lead_key) as hub_key
    from reached_by
    group by kind, token
    having count(*) between 2 and 100
),

shared as (
    select reached_by.lead_key, hubs.hub_key
    from reached_by
    inner join hubs on reached_by.kind = hubs.kind and reached_by.token = hubs.token and reached_by.lead_key <> hubs.hub_key
),

edges as (
    select lead_key as from_key, hub_key as to_key from shared
    union
    select hub_key as from_key, lead_key as to_key from shared
),

walked as (
    select edges.from_key as root_key, edges.from_key as lead_key
    from edges
    anti join shared on edges.from_key = shared.lead_key
    union
    select walked.root_key, edges.to_key as lead_key
    from walked
    inner join edges on walked.lead_key = edges.from_key
),

people as (
    select
        merged.lead_key,
        md5('person|' || coalesce(min(walked.root_key), merged.lead_key)) as person_key
    from {{ ref('int_records__merged') }} as merged
    left join walked on merged.lead_key = walked.lead_key
    where merged.is_survivor
    group by merged.lead_key
)
{%- endmacro %}
