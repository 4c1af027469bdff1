{# The facts a readiness example is made of: the same columns for training and for scoring, so that they cannot drift. #}
{% macro readiness_facts(mql) -%}
    {{ mql }}.record_key,
    {{ mql }}.lead_key,
    {{ mql }}.source,
    {{ mql }}.service_line,
    {{ mql }}.location_id,
    {{ mql }}.channel,
    {{ mql }}.platform,
    {{ mql }}.campaign_id,
    {{ mql }}.landing_page,
    {{ mql }}.mql_basis,
    {{ mql }}.fit_micro_points / 1000000.0 as fit_points,
    {{ mql }}.behaviour_micro_points / 1000000.0 as behaviour_points,
    {{ mql }}.touch_count,
    {{ mql }}.touches_last_week_count,
    {{ mql }}.seconds_from_first_touch / 86400.0 as days_from_first_touch,
    {{ mql }}.seconds_as_lead / 86400.0 as days_as_lead,
    {{ mql }}.local_weekday,
    {{ mql }}.local_hour,
    cast({{ var('readiness_horizon_days') }} as integer) as horizon_days,
    {{ mql }}.became_mql_at
{%- endmacro %}

{# The end of a horizon that begins at the given moment. #}
{% macro horizon_end(moment, days = var('readiness_horizon_days')) -%}
    {{ add_seconds(moment, '86400 * ' ~ days) }}
{%- endmacro %}
