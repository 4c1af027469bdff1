{# Which currency and time zone an advertising account has: by the registry, or by its own history. #}

{# The registry's settings of that kind: source, name (empty: all of the source), value. #}
{% macro registry_settings(kind) -%}
    (select source, name, value from {{ landed('run', 'settings') }} where setting = '{{ kind }}')
{%- endmacro %}

{# Three capital letters; whatever else a history holds is no currency. #}
{% macro is_currency(code) -%}
    {{ return(adapter.dispatch('is_currency', 'warm_handoff')(code)) }}
{%- endmacro %}

{% macro duckdb__is_currency(code) -%}
    regexp_full_match({{ code }}, '[A-Z]{3}')
{%- endmacro %}

{#
  What an account's history says in the first run that says it: the currency and zone of an account never change, and
  what was built on them must stand.
#}
{% macro told_of_accounts(folder, column) -%}
    (
        select _source as source, account_id as name, {{ column }} as value
        from {{ landed(folder, 'account_history') }}
        where
            {%- if column == 'currency' %} {{ is_currency('currency') }}
            {%- else %} timezone in (select timezone from {{ landed('run', 'timezone_offsets') }})
            {%- endif %}
        qualify row_number() over (
            partition by _source, account_id
            order by {{ first_step_of_run() }}, changed_at desc, _batch_id desc, _row_no desc
        ) = 1
    )
{%- endmacro %}

{# Joins that find currency and zone of `rows.account_id`; `account_currency()` and `account_timezone()` read them. #}
{% macro join_accounts(folder, rows) -%}
    {%- for column in ['currency', 'timezone'] %}
    left join {{ registry_settings(column) }} as own_{{ column }}
        on {{ rows }}._source = own_{{ column }}.source and {{ rows }}.account_id = own_{{ column }}.name
    left join {{ told_of_accounts(folder, column) }} as told_{{ column }}
        on {{ rows }}._source = told_{{ column }}.source and {{ rows }}.account_id = told_{{ column }}.name
    left join {{ registry_settings(column) }} as any_{{ column }}
        on {{ rows }}._source = any_{{ column }}.source and any_{{ column }}.name = ''
    {%- endfor %}
{%- endmacro %}

{% macro account_currency() -%}
    coalesce(own_currency.value, told_currency.value, any_currency.value)
{%- endmacro %}

{% macro account_timezone() -%}
    coalesce(own_timezone.value, told_timezone.value, any_timezone.value)
{%- endmacro %}

{# The instant of local midnight `local_at` (a timestamp), given the offset in force (`join_offset`). #}
{% macro join_offset(alias, timezone, local_at) -%}
    left join {{ landed('run', 'timezone_offsets') }} as {{ alias }}
        on
            {{ timezone }} = {{ alias }}.timezone
            and {{ local_at }} >= {{ alias }}.local_from
            and {{ local_at }} < {{ alias }}.local_to
{%- endmacro %}
