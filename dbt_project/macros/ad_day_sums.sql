{# The running sum of a campaign's units, step by step (`ad_steps.sql`), and when each of them could be known. #}

{#
  CTEs after `pieces` (units of spend with the campaign they belong to, in spans of steps, known_at where the span is the
  unit's own beginning) and `lineage` (every landed row behind them): each campaign's day, step by step.
#}
{% macro campaign_day_sums(folder) -%}
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
{%- endmacro %}
