{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

with known as (
    select
        record_key,
        lead_id,
        created_at,
        service_line,
        location_id,
        channel,
        platform,
        campaign_id,
        postal_area,
        email_token,
        phone_token,
        merged_into_lead_id,
        coalesce(is_deleted, false) as is_deleted,
        known_at,
        _id_space,
        _source,
        _file_sha256,
        _row_no
    from {{ ref('input__leads') }}
    where known_at <= {{ as_of() }} and {{ touched_only('record_key') }}
),

versions as (
    select *
    from {{ versions('known', ['record_key'], [
        'created_at', 'service_line', 'location_id', 'channel', 'platform', 'campaign_id', 'postal_area',
        'merged_into_lead_id', 'is_deleted'
    ], tokens=['email_token', 'phone_token']) }} as spanned
)

select
    record_key,
    first_value(_source) over (partition by record_key order by known_at) as source,
    _id_space as id_space,
    lead_id,
    service_line,
    location_id,
    channel,
    platform,
    campaign_id,
    postal_area,
    email_token,
    phone_token,
    merged_into_lead_id,
    is_deleted,
    is_tied,
    created_at,
    known_at as valid_from,
    known_until as valid_to
from versions
