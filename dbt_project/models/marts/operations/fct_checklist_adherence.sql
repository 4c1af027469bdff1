{% set horizon_days = readiness_days() | trim %}

-- The screening an SQL came by: of several, the first.
with bookings as (
    select
        screenings.source,
        screenings.event_id,
        steps.observed_from is null and {{ horizon_end('steps.entered_at') }} <= {{ as_of() }} as is_at_risk,
        coalesce(steps.converted_at <= {{ horizon_end('steps.entered_at') }}, false) as is_scheduled
    from {{ ref('int_leads__entered') }} as entered
    inner join {{ ref('int_funnel_steps__entered') }} as steps
        on entered.lead_key = steps.lead_key and steps.step = 'sql_to_appointment'
    inner join {{ ref('int_sql_stage__decided') }} as decided
        on entered.record_key = decided.record_key and decided.source_kind = 'work_event'
    inner join {{ ref('int_screenings__checked') }} as screenings
        on
            decided.record_key = screenings.record_key
            and decided.row_source = screenings.source
            and decided.source_id = screenings.event_id
    where entered.stage = 'sql' and entered.basis = 'staff_confirmed'
    qualify row_number() over (
        partition by entered.lead_key order by screenings.occurred_at, screenings.source, screenings.event_id
    ) = 1
),

counted as (
    select
        {{ dimension('screenings.service_line') }} as service_line,
        {{ dimension('screenings.team_id') }} as team_id,
        screenings.criteria_version,
        {{ dimension('screenings.outcome') }} as outcome,
        count(*) as screening_count,
        count(case when not screenings.is_observed then 1 end) as not_observed_count,
        count(case when screenings.is_observed then 1 end) as observed_count,
        count(case when screenings.is_observed and screenings.is_followed then 1 end) as followed_count,
        max(screenings.item_count) as item_count,
        sum(case when screenings.is_observed then screenings.done_item_count end) as done_item_count,
        sum(screenings.unknown_item_count) as unknown_item_count,
        {% for name, which in [('followed', 'screenings.is_followed'), ('unfollowed', 'not screenings.is_followed')] %}
        {% set these = 'screenings.is_observed and ' ~ which %}
        count(case when {{ these }} and bookings.source is not null then 1 end) as {{ name }}_sql_count,
        count(case when {{ these }} and bookings.is_at_risk then 1 end) as {{ name }}_at_risk_count,
        count(case when {{ these }} and bookings.is_at_risk and not bookings.is_scheduled then 1 end)
            as {{ name }}_unscheduled_count{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('int_screenings__checked') }} as screenings
    inner join {{ ref('int_leads__current') }} as leads
        on screenings.lead_key = leads.lead_key and not leads.is_deleted and leads.excluded_by is null
    left join bookings on screenings.source = bookings.source and screenings.event_id = bookings.event_id
    group by screenings.service_line, screenings.team_id, screenings.criteria_version, screenings.outcome
)

select
    service_line,
    team_id,
    criteria_version,
    outcome,
    cast({{ horizon_days }} as integer) as horizon_days,
    screening_count,
    not_observed_count,
    followed_count,
    cast(item_count as bigint) as item_count,
    cast(unknown_item_count as bigint) as unknown_item_count,
    followed_sql_count,
    followed_at_risk_count,
    followed_unscheduled_count,
    unfollowed_sql_count,
    unfollowed_at_risk_count,
    unfollowed_unscheduled_count,
    {{ share_of('done_item_count', 'observed_count') }} as mean_done_items,
    {{ rate_columns('followed_rate', 'followed_count', 'observed_count') }},
    {{ rate_columns('followed_unscheduled_rate', 'followed_unscheduled_count', 'followed_at_risk_count') }},
    {{ rate_columns('unfollowed_unscheduled_rate', 'unfollowed_unscheduled_count', 'unfollowed_at_risk_count') }},
    {{ difference_columns(
        'unscheduled_rate_difference', 'followed_unscheduled_count', 'followed_at_risk_count',
        'unfollowed_unscheduled_count', 'unfollowed_at_risk_count'
    ) }}
from counted
