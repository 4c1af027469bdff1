{#
  From the reports of an advertising platform to what a campaign cost on a day, in versions.

  A landed row is one unit of a report (an ad, a device, … on a day) and may be restated or withdrawn by a later run; so
  may what says which campaign an ad belongs to and what that campaign is called. A campaign's day is a sum over units:
  it has a version at each step at which one of them, or a name, changed. Steps follow the order of landing alone,
  two to a run: what was new of a unit (2 × run), then what was restated of it within the same run (2 × run + 1). So
  what a run adds never changes what was said of an earlier one, and what is appended equals what a full build makes.
#}

{# The registry's settings of that kind: source, name (empty: all of the source), value. #}
{% macro registry_settings(kind) -%}
    (select source, name, value from {{ landed('run', 'settings') }} where setting = '{{ kind }}')
{%- endmacro %}

{# Whole micros of a currency as an exact amount. #}
{% macro amount_of_micros(micros) -%}
    {{ return(adapter.dispatch('amount_of_micros', 'warm_handoff')(micros)) }}
{%- endmacro %}

{% macro duckdb__amount_of_micros(micros) -%}
    cast(cast({{ micros }} as decimal(18, 0)) * cast('0.000001' as decimal(7, 6)) as decimal(18, 6))
{%- endmacro %}

{% macro first_step_of_run(batch_id = '_batch_id') -%}
    (2 * cast(substr({{ batch_id }}, 1, 8) as bigint))
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

{% macro local_instant(alias, local_at) -%}
    greatest({{ alias }}.utc_from, {{ add_seconds(local_at, '-' ~ alias ~ '.offset_seconds') }})
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

{#
  The newest thing a history says of a key, in spans of steps: of rows landed by a step the one changed last holds.
  `rows` is a CTE with the keys, `columns`, changed_at and lineage. A span begins only where a column changes.
#}
{% macro told_spans(rows, keys, columns) -%}
    {%- set key_list = keys | join(', ') -%}
    (
        with held as (
            select *, {{ first_step_of_run() }} as step
            from {{ rows }}
            qualify row_number() over (
                partition by {{ key_list }}, {{ first_step_of_run() }}
                order by changed_at desc, _batch_id desc, _row_no desc
            ) = 1
        ),

        newest as (
            select
                held.*,
                max(changed_at) over (
                    partition by {{ key_list }} order by step rows between unbounded preceding and 1 preceding
                ) as changed_before
            from held
        ),

        compared as (
            select
                newest.*,
                {{ canonical_text(columns) }} as _said,
                lag({{ canonical_text(columns) }}) over (partition by {{ key_list }} order by step) as _said_before
            from newest
            where changed_before is null or changed_at >= changed_before
        )

        select
            compared.* except (_said, _said_before, changed_before, step),
            step as from_step,
            lead(step) over (partition by {{ key_list }} order by step) as until_step
        from compared
        where _said is distinct from _said_before
    )
{%- endmacro %}

{#
  CTEs after `pieces` (units of spend with the campaign they belong to, in spans of steps, known_at where the span is the
  unit's own beginning) and `lineage` (every landed row behind them): the versions of each campaign's day.
#}
{% macro campaign_day_versions(folder) -%}
    {%- set key_list = 'source, campaign_id, currency, spend_date' -%}
names as (
    select * from {{ ref('base_' ~ folder ~ '__campaigns') }}
),

first_steps as (
    select {{ key_list }}, min(from_step) as first_step
    from pieces
    group by {{ key_list }}
),

moves as (
    select {{ key_list }}, from_step as step, cost, impressions, clicks, 1 as units, known_at
    from pieces
    union all
    select {{ key_list }}, until_step as step, -cost, -impressions, -clicks, -1 as units, null as known_at
    from pieces
    where until_step is not null
    union all
    select
        first_steps.source, first_steps.campaign_id, first_steps.currency, first_steps.spend_date,
        names.from_step as step, 0 as cost, null as impressions, null as clicks, 0 as units, null as known_at
    from first_steps
    inner join names
        on
            first_steps.source = names.source
            and first_steps.campaign_id = names.campaign_id
            and names.from_step > first_steps.first_step
),

steps as (
    select
        {{ key_list }},
        step,
        step - step % 2 as run_step,
        sum(cost) as cost,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(units) as units,
        case when count(*) = count(known_at) then max(known_at) end as known_at
    from moves
    group by {{ key_list }}, step
),

runs as (
    select
        _source as source,
        {{ first_step_of_run() }} as run_step,
        max(_batch_id) as _batch_id,
        max(_file_sha256) as _file_sha256,
        max(_extracted_at) as _extracted_at,
        max(_landed_as_of) as _landed_as_of,
        max(_id_space) as _id_space
    from lineage
    group by _source, {{ first_step_of_run() }}
),

summed as (
    select
        steps.source,
        steps.campaign_id,
        steps.currency,
        steps.spend_date,
        steps.step,
        sum(steps.cost) over so_far as cost,
        sum(steps.impressions) over so_far as impressions,
        sum(steps.clicks) over so_far as clicks,
        sum(steps.units) over so_far as units,
        row_number() over so_far as version_no,
        first_value(steps.known_at) over so_far as first_known_at,
        lead(steps.run_step) over so_far = steps.run_step as is_followed,
        runs._batch_id,
        runs._file_sha256,
        runs._extracted_at,
        runs._landed_as_of,
        runs._id_space
    from steps
    inner join runs on steps.source = runs.source and steps.run_step = runs.run_step
    window so_far as (partition by steps.source, steps.campaign_id, steps.currency, steps.spend_date order by steps.step)
),

-- Of one run only the last word counts, but for what its first row says of the day itself. A day still going on is known
-- when it is over, and so is what changed meanwhile: it counts in the order it landed.
dated as (
    select
        summed.*,
        version_no = 1 and first_known_at is not null as is_first,
        case
            when version_no = 1 and first_known_at is not null then first_known_at
            else greatest(_landed_as_of, first_known_at)
        end as known_at
    from summed
    where not coalesce(is_followed, false) or (version_no = 1 and first_known_at < _landed_as_of)
)

select
    platforms.value as platform,
    dated.campaign_id,
    names.campaign_name,
    coalesce(own_channel.value, kind_channel.value, any_channel.value) as channel,
    dated.currency,
    dated.units = 0 as is_deleted,
    cast(dated.cost as decimal(18, 6)) as cost,
    cast(dated.impressions as bigint) as impressions,
    cast(dated.clicks as bigint) as clicks,
    dated.spend_date,
    dated.known_at,
    dated.source as _source,
    'spend' as _object,
    dated._batch_id,
    dated.step as _row_no,
    dated._file_sha256,
    dated._extracted_at,
    dated._landed_as_of,
    dated._id_space,
    case when dated.is_first then 'event' else 'landed' end as _known_at_basis,
    false as _is_repeat,
    cast(null as varchar) as _key_hash,
    cast(null as varchar) as _row_hash
from dated
inner join {{ registry_settings('platform') }} as platforms on dated.source = platforms.source
left join names
    on
        dated.source = names.source
        and dated.campaign_id = names.campaign_id
        and dated.step >= names.from_step
        and (dated.step < names.until_step or names.until_step is null)
left join {{ registry_settings('channel_of_campaign') }} as own_channel
    on dated.source = own_channel.source and dated.campaign_id = own_channel.name
left join {{ registry_settings('channel_of_type') }} as kind_channel
    on dated.source = kind_channel.source and names.campaign_type = kind_channel.name
left join {{ registry_settings('channel') }} as any_channel on dated.source = any_channel.source
{%- endmacro %}
