{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}
-- depends_on: {{ ref('int_links__known') }}

{% set columns = [
    'signal', 'service_line', 'topic', 'offer_id', 'form_id', 'channel', 'platform', 'campaign_id', 'landing_page',
    'session_id', 'occurred_at'
] %}

with {% if is_incremental() %}touched_links as (
    select id_type, token
    from {{ ref('int_links__known') }}
    where {{ touched_only('record_key') }}
),

touched_keys as (
    select _source, touch_id from {{ ref('input__touches') }} where {{ touched_only('record_key') }}
    union
    select touches._source, touches.touch_id
    from {{ ref('input__touches') }} as touches
    semi join touched_links
        on touched_links.id_type = 'anonymous_id' and touches.anonymous_token = touched_links.token
    union
    select touches._source, touches.touch_id
    from {{ ref('input__touches') }} as touches
    semi join touched_links on touched_links.id_type = 'click_id' and touches.click_token = touched_links.token
),

{% endif %}known as {{ inlined() if not is_incremental() }} (
    select
        record_key,
        lead_id,
        touch_id,
        {{ columns | join(',\n        ') }},
        anonymous_token,
        click_token,
        coalesce(is_deleted, false) as is_deleted,
        known_at,
        {{ landing_order() }} as _landing,
        _source,
        _file_sha256,
        _row_no
    from {{ ref('input__touches') }} as touches
    {{ "semi join touched_keys using (_source, touch_id)" if is_incremental() }}
    -- A join with its one row: a subquery would make the planner hold every touch in memory.
    inner join {{ ref('input__run') }} as run on touches.known_at <= run.as_of
),

versions as (
    select *
    from {{ versions(
        'known', ['_source', 'touch_id'], columns + ['lead_id', 'is_deleted'],
        tokens=['anonymous_token', 'click_token'], landing='_landing'
    ) }} as spanned
),

owned as (
    select
        versions.* except (record_key),
        case
            when versions.record_key is not null then versions.record_key
            when by_click.known_at is null or by_web.known_at <= by_click.known_at then by_web.record_key
            else by_click.record_key
        end as record_key,
        versions.record_key is null as is_linked,
        case when versions.record_key is null then least(by_web.known_at, by_click.known_at) end as link_known_at
    from versions
    left join {{ ref('int_links__owned') }} as by_web
        on by_web.id_type = 'anonymous_id' and versions.anonymous_token = by_web.token
    left join {{ ref('int_links__owned') }} as by_click
        on by_click.id_type = 'click_id' and versions.click_token = by_click.token
)

select
    owned.record_key,
    owned._source as source,
    owned.touch_id,
    md5(owned._source || '|' || owned.touch_id) as touch_key,
    {% for column in columns %}
    owned.{{ column }},
    {% endfor %}
    owned.is_linked,
    owned.is_tied,
    owned.known_at,
    greatest(owned.occurred_at, owned.known_at, coalesce(owned.link_known_at, owned.known_at)) as valid_from,
    owned.known_until as valid_to
from owned
semi join {{ ref('int_records__versioned') }} as records on owned.record_key = records.record_key
where
    not owned.is_deleted
    and greatest(owned.occurred_at, owned.known_at, coalesce(owned.link_known_at, owned.known_at)) < owned.known_until
    and greatest(owned.occurred_at, owned.known_at, coalesce(owned.link_known_at, owned.known_at)) <= {{ as_of() }}
    and {{ touched_only('owned.record_key') }}
