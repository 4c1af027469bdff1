{% set dimensions = {'service_line': 'service_line', 'location': 'location_id', 'team': 'team_id', 'band': 'band'} %}
{% set key = ['dimension', 'dimension_value'] %}
{% set two_sides = 2 * 1.959963984540054 %}

-- What became, within their horizon, of MQLs whose horizon is over, and the hour after the MQL at which they left the queue.
with settled as (
    select
        cast({{ readiness_days('lead.service_line') }} as integer) as horizon_days,
        coalesce(lead.became_sql_at <= {{ readiness_end('lead.became_mql_at', 'lead.service_line') }}, false) as is_converted,
        {{ hours_after('lead.became_mql_at', 'least(lead.became_sql_at, lead.disqualified_at)') }} as exit_hour,
        count(*) as lead_count
    from {{ ref('fct_lead_lifecycles') }} as lead
    semi join {{ ref('int_funnel_steps__entered') }} as step on lead.lead_key = step.lead_key and step.step = 'mql_to_sql' and step.observed_from is null
    where
        {{ readiness_end('lead.became_mql_at', 'lead.service_line') }} <= {{ as_of() }}
        and not lead.is_deleted
        and lead.excluded_by is null
        and coalesce(lead.became_sql_at > lead.became_mql_at, true)
    group by horizon_days, is_converted, exit_hour
),

waiting as (
    select
        {{ dimension('mql.service_line') }} as service_line,
        {{ dimension('mql.location_id') }} as location_id,
        {{ dimension("coalesce(worked.team_id, nullif(route.team_id, '(none)'))") }} as team_id,
        {{ dimension('score.band') }} as band,
        {{ within_chances('score.readiness') }} as readiness,
        ({{ log_odds('score.readiness_high') }} - {{ log_odds('score.readiness_low') }}) / {{ two_sides }} as error,
        score.shared_error,
        score.horizon_days,
        worked.first_contacted_at is null as is_uncontacted,
        {{ hours_after('mql.became_mql_at', as_of()) }} as age_hour
    from {{ ref('int_mqls__open') }} as mql
    left join {{ ref('fct_lead_scores') }} as score on mql.record_key = score.record_key and mql.became_mql_at = score.became_mql_at
    left join {{ ref('int_leads__worked') }} as worked on mql.lead_key = worked.lead_key
    left join {{ ref('fct_lead_routes') }} as route on mql.lead_key = route.lead_key and route.is_current
    where not mql.is_past_horizon
),

-- Of the odds at the MQL is left at an age: the share of later SQLs that were not SQL yet, over the share of the others
-- that were still open.
ageing as (
    select
        ages.horizon_days,
        ages.age_hour,
        {{ still_there('settled.is_converted') }} / nullif({{ still_there('not settled.is_converted') }}, 0) as odds_left
    from (select distinct horizon_days, age_hour from waiting) as ages
    inner join settled on ages.horizon_days = settled.horizon_days
    group by ages.horizon_days, ages.age_hour
),

expected as (
    select
        waiting.*,
        waiting.readiness * coalesce(ageing.odds_left, 1)
        / (1 - waiting.readiness + waiting.readiness * coalesce(ageing.odds_left, 1)) as chance
    from waiting
    left join ageing on waiting.horizon_days = ageing.horizon_days and waiting.age_hour = ageing.age_hour
),

-- In millionths, so that the sums hang on no order: chance, its own variance, and how far the error that all scores share
-- moves it.
counted as (
    select
        {{ key | join(', ') }},
        count(*) as open_count,
        count(chance) as scored_count,
        count(case when is_uncontacted then 1 end) as uncontacted_count,
        sum(cast(round(1000000 * chance) as bigint)) as micro_chance,
        sum(cast(round(1000000 * (chance * (1 - chance)
        + power(chance * (1 - chance), 2) * coalesce(greatest(power(error, 2) - power(shared_error, 2), 0), 0))) as bigint)) as micro_variance,
        sum(cast(round(1000000 * chance * (1 - chance) * coalesce(case when error < shared_error then error else shared_error end, 0)) as bigint)) as micro_shared
    from {{ marginal_views('expected', dimensions) }} as viewed
    group by {{ key | join(', ') }}
),

measured as (
    select
        {{ key | join(', ') }},
        cast(open_count as bigint) as open_count,
        cast(scored_count as bigint) as scored_count,
        cast(uncontacted_count as bigint) as uncontacted_count,
        cast(micro_chance as double) / 1000000 as expected_sql_count,
        {{ two_sides / 2 }} * sqrt(cast(micro_variance as double) / 1000000 + power(cast(micro_shared as double) / 1000000, 2)) as reach
    from counted
)

select
    {{ key | join(', ') }},
    open_count,
    scored_count,
    uncontacted_count,
    expected_sql_count,
    case when scored_count > 0 then cast(greatest(floor(expected_sql_count - reach), 0) as bigint) end as expected_sql_count_low,
    case when scored_count > 0 then cast(least(ceil(expected_sql_count + reach), scored_count) as bigint) end
        as expected_sql_count_high
from measured
