-- Whoever a moved row names, in any version of it.
with recursive named as (
    select moved.record_key
    from {{ ref('int_rows__moved') }} as moved
    {% for object, id in [('touches', 'touch_id'), ('stage_events', 'event_id'), ('work_events', 'event_id'), ('appointments', 'appointment_id')] %}
    union
    select versions.record_key
    from {{ ref('input__' ~ object) }} as versions
    semi join {{ ref('int_rows__moved') }} as moved
        on moved.object = '{{ object }}' and versions._source = moved.key_space and versions.{{ id }} = moved.key_id
    {% endfor %}
),

moved_links as (
    select distinct moved.key_space as id_type, moved.key_id as token
    from {{ ref('int_rows__moved') }} as moved
    where moved.object = 'identities' and moved.key_space in ('anonymous_id', 'click_id')
),

-- Touches that moved, or whose owner may have: a link of one of their two tokens moved.
moved_touches as (
    select touches.anonymous_token, touches.click_token
    from {{ ref('input__touches') }} as touches
    semi join {{ ref('int_rows__moved') }} as moved
        on moved.object = 'touches' and touches._source = moved.key_space and touches.touch_id = moved.key_id
    union
    select touches.anonymous_token, touches.click_token
    from {{ ref('input__touches') }} as touches
    semi join moved_links on moved_links.id_type = 'anonymous_id' and touches.anonymous_token = moved_links.token
    union
    select touches.anonymous_token, touches.click_token
    from {{ ref('input__touches') }} as touches
    semi join moved_links on moved_links.id_type = 'click_id' and touches.click_token = moved_links.token
),

moved_tokens as (
    select moved_links.id_type, moved_links.token from moved_links
    union
    select 'anonymous_id' as id_type, moved_touches.anonymous_token as token from moved_touches
    union
    select 'click_id' as id_type, moved_touches.click_token as token from moved_touches
),

linked as (
    select links.record_key
    from {{ ref('input__identities') }} as links
    semi join moved_tokens on links.id_type = moved_tokens.id_type and links.id_token = moved_tokens.token
),

-- Everybody: before the first completed build, where a reference table that decisions use moved or a version began.
everybody as (
    select leads.record_key
    from {{ ref('input__leads') }} as leads
    where
        (select run.built_run_no is null from {{ ref('input__run') }} as run)
        or (select sum(moved.row_count) > 0 from {{ ref('int_references__moved') }} as moved)
),

touched as (
    select named.record_key from named
    union
    select linked.record_key from linked
    union
    select everybody.record_key from everybody
),

merged as (
    select seen.record_key, seen.survivor_key as neighbour_key from {{ ref('int_merges__seen') }} as seen
    union
    select seen.survivor_key as record_key, seen.record_key as neighbour_key from {{ ref('int_merges__seen') }} as seen
),

spread as (
    select touched.record_key from touched
    union
    select merged.neighbour_key as record_key
    from spread
    inner join merged on spread.record_key = merged.record_key
)

select spread.record_key
from spread
where spread.record_key is not null
