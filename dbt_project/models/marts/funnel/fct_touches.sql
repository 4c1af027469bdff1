{{ config(materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail') }}

select
    merged.lead_key,
    owned.record_key,
    owned.touch_key,
    owned.touch_id,
    owned.source,
    owned.signal,
    {{ dimension('owned.service_line') }} as service_line,
    {{ dimension('owned.topic') }} as topic,
    {{ dimension('owned.offer_id') }} as offer_id,
    {{ dimension('owned.form_id') }} as form_id,
    {{ dimension('owned.channel') }} as channel,
    {{ dimension('owned.platform') }} as platform,
    {{ dimension('owned.campaign_id') }} as campaign_id,
    {{ dimension('owned.landing_page') }} as landing_page,
    owned.is_linked,
    owned.occurred_at,
    owned.valid_from as effective_at
from {{ ref('int_touches__owned') }} as owned
inner join {{ ref('int_records__merged') }} as merged on owned.record_key = merged.record_key
where owned.valid_to = {{ end_of_time() }} and {{ touched_only('owned.record_key') }}
