-- A day's stock is the one before it with what came and without what left; the last one is what lifecycles say.
with days as (
    select
        *,
        lag(closing_count) over by_day as closed_before,
        lag(pipeline_date) over by_day as day_before,
        lead(pipeline_date) over by_day as day_after,
        max(pipeline_date) over () as last_date
    from {{ ref('fct_pipeline_days') }}
    window by_day as (partition by stage, service_line, team_id order by pipeline_date)
),

broken as (
    select stage, service_line, team_id, pipeline_date
    from days
    where
        closing_count <> opening_count + entered_count - left_forward_count - left_disqualified_count - left_backward_count
        or opening_count <> case when day_before = {{ add_days('pipeline_date', -1) }} then closed_before else 0 end
        or (closing_count > 0 and pipeline_date < last_date and day_after is distinct from {{ add_days('pipeline_date', 1) }})
        or least(opening_count, entered_count, left_forward_count, left_disqualified_count, left_backward_count, closing_count) < 0
),

stocks as (
    select stage, service_line, sum(closing_count) as lead_count
    from days
    where pipeline_date = last_date and closing_count > 0
    group by stage, service_line
),

leads as (
    select current_stage as stage, service_line, count(*) as lead_count
    from {{ ref('fct_lead_lifecycles') }}
    where not is_deleted and excluded_by is null
    group by current_stage, service_line
)

select stage, service_line, team_id, pipeline_date from broken
union all
select coalesce(stocks.stage, leads.stage), coalesce(stocks.service_line, leads.service_line), null, null
from stocks
full join leads on stocks.stage = leads.stage and stocks.service_line = leads.service_line
where stocks.lead_count is distinct from leads.lead_count
