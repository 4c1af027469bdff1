{# The units of a report in spans of steps (`ad_steps.sql`): what is summed up to a campaign's day. #}

{# Whole micros of a currency as an exact amount. #}
{% macro amount_of_micros(micros) -%}
    {{ return(adapter.dispatch('amount_of_micros', 'warm_handoff')(micros)) }}
{%- endmacro %}

{% macro duckdb__amount_of_micros(micros) -%}
    cast(cast({{ micros }} as decimal(18, 0)) * cast('0.000001' as decimal(7, 6)) as decimal(18, 6))
{%- endmacro %}

{#
  CTEs after `reported` (rows of every report that may bring spend, with `report`): the units of the report the registry
  chose for their account, in spans of steps. A withdrawn unit is a span too, is_deleted.
#}
{% macro cost_spans(folder) -%}
chosen as (
    select reported.*
    from reported
    inner join {{ registry_settings('spend_from') }} as any_report
        on reported._source = any_report.source and any_report.name = ''
    left join {{ registry_settings('spend_from') }} as own_report
        on reported._source = own_report.source and reported.account_id = own_report.name
    where reported.report = coalesce(own_report.value, any_report.value)
),

placed as (
    select
        chosen.*,
        {{ account_currency() }} as currency,
        {{ account_timezone() }} as timezone,
        cast({{ add_days('chosen.spend_date', 1) }} as timestamp) as ended_local_at,
        cast(coalesce(lag.value, '0') as bigint) as lag_micros,
        {{ first_step_of_run('chosen._batch_id') }} + case when chosen._known_at_basis = 'event' then 0 else 1 end as step
    from chosen
    {{ join_accounts(folder, 'chosen') }}
    left join {{ registry_settings('delivery_lag_micros') }} as lag on chosen._source = lag.source
),

held as (
    select
        placed.*,
        row_number() over (
            partition by _source, report, _key_hash, step order by _batch_id desc, _row_no desc
        ) as place
    from placed
)

select
    held._source as source,
    held.account_id,
    held.ad_id,
    held.campaign_id,
    held.currency,
    coalesce(held.is_deleted, false) as is_deleted,
    held.cost,
    held.impressions,
    held.clicks,
    held.spend_date,
    case
        when held._known_at_basis = 'event' and zone.timezone is not null
            then {{ add_micros(local_instant('zone', 'held.ended_local_at'), 'held.lag_micros') }}
        else held.known_at
    end as known_at,
    held.step as from_step,
    lead(held.step) over (partition by held._source, held.report, held._key_hash order by held.step) as until_step,
    {{ lineage_columns('held') }}
from held
{{ join_offset('zone', 'held.timezone', 'held.ended_local_at') }}
where held.place = 1
{%- endmacro %}
