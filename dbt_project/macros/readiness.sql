{#
  The facts a readiness example is made of: the same columns for training and for scoring, so that they cannot drift.
  What of them a model may see is listed in models_ml/readiness/columns.py.
#}
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
    {{ mql }}.fit_micro_points / 1000000.0 as fit_points,
    {{ mql }}.behaviour_micro_points / 1000000.0 as behaviour_points,
    {{ mql }}.touch_count,
    {{ mql }}.touches_last_week_count,
    {{ mql }}.touches_as_lead_count,
    {{ mql }}.session_count,
    cast({{ mql }}.session_touch_count as double) / nullif({{ mql }}.session_count, 0) as touches_per_session,
    {{ mql }}.earlier_record_count,
    {{ mql }}.seconds_from_first_touch / 86400.0 as days_from_first_touch,
    {{ mql }}.seconds_from_last_touch / 86400.0 as days_from_last_touch,
    {{ mql }}.seconds_as_lead / 86400.0 as days_as_lead,
    {{ mql }}.seconds_from_earlier_record / 86400.0 as days_from_earlier_record,
    cast({{ readiness_days(mql ~ '.service_line') }} as integer) as horizon_days,
    {{ mql }}.became_mql_at
{%- endmacro %}

{# The end of a horizon that begins at the given moment: of so many days, by default those of any service line. #}
{% macro horizon_end(moment, days = none) -%}
    {{ add_seconds(moment, '86400 * ' ~ (readiness_days() if days is none else days)) }}
{%- endmacro %}

{# The end of the readiness horizon of an MQL of a service line. #}
{% macro readiness_end(moment, line) -%}
    {{ horizon_end(moment, '(' ~ readiness_days(line) ~ ')') }}
{%- endmacro %}

{# Whole hours from one moment to another. #}
{% macro hours_after(moment, later) -%}
    cast(floor(({{ epoch_seconds(later) }} - {{ epoch_seconds(moment) }}) / 3600.0) as integer)
{%- endmacro %}

{# Share of the settled MQLs of a kind that were still in the queue at an age. #}
{% macro still_there(is_kind) -%}
    (
        (cast(sum(case when {{ is_kind }} and coalesce(settled.exit_hour >= ages.age_hour, true) then settled.lead_count else 0 end) as double) + 0.5)
        / (sum(case when {{ is_kind }} then settled.lead_count end) + 1)
    )
{%- endmacro %}

{# A probability between the least and the greatest that are told apart from never and always: a score is rounded. #}
{% macro within_chances(chance) -%}
    case when {{ chance }} is not null then least(greatest({{ chance }}, 0.000001), 0.999999) end
{%- endmacro %}

{# Its log odds. #}
{% macro log_odds(chance) -%}
    ln({{ within_chances(chance) }} / (1 - {{ within_chances(chance) }}))
{%- endmacro %}
