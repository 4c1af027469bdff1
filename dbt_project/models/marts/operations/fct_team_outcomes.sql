-- Every handoff stands with the team that answers for it, also where nobody touched the lead: neglect has a name.
with handed as (
    select
        mqls.*,
        passed.lead_key as handed_key,
        passed.answering_team_id as team_id,
        passed.first_attempted_at,
        passed.first_contacted_at,
        censored.censored_at
    from {{ ref('fct_handoffs') }} as passed
    left join {{ mature_mqls() }} as mqls on passed.lead_key = mqls.lead_key and mqls.is_observed
    left join {{ ref('int_handoffs__censored') }} as censored on passed.lead_key = censored.lead_key
    where not passed.is_deleted and passed.excluded_by is null and passed.status <> 'not_observed'
),

-- SQL, disqualified, booked or withdrawn when handed over, if only since that moment: not theirs to bring there.
given as (
    select
        handed.*,
        coalesce(handed.first_attempted_at <= handed.horizon_ends_at, false) as is_tried,
        coalesce(handed.first_contacted_at <= handed.horizon_ends_at, false) as is_contacted,
        coalesce(handed.censored_at <= handed.horizon_ends_at, false) as is_released
    from handed
    anti join {{ gone_by('handed', add_micros('entered_at', 1)) }} as gone on handed.lead_key = gone.lead_key
    where handed.lead_key is not null
),

counted as (
    select
        handed.team_id,
        count(*) as handoff_count,
        count(case when handed.lead_key is null then 1 end) as not_followed_count,
        count(case when handed.lead_key is not null and given.lead_key is null then 1 end) as left_out_count,
        count(given.lead_key) as at_risk_count,
        count(case when given.is_tried then 1 end) as tried_count,
        count(case when given.is_contacted then 1 end) as contacted_count,
        count(case when not given.is_tried and given.is_released then 1 end) as released_count,
        count(case when not given.is_tried and not given.is_released then 1 end) as never_tried_count
    from handed
    left join given on handed.handed_key = given.handed_key
    group by handed.team_id
),

tested as (
    select *
    from {{ expected_of_mix('given', ['team_id'], ['service_line', 'channel', 'points_band']) }} as tested
)

-- A team with nearly all leads of its line is compared with itself: not judged. With more of others, the ratio's limits must leave 1 out too.
select
    counted.team_id,
    case when judged.others_expected_count >= {{ least_compared_share() }} * judged.expected_count then
        judged.adjusted_p_value <= {{ var('false_discovery_rate') }}
        and not (judged.expected_count between {{ byar_low('judged.sql_count') }} and {{ byar_high('judged.sql_count') }})
    end as is_unlike,
    cast({{ readiness_days() }} as integer) as horizon_days,
    {% for name in ['handoff', 'not_followed', 'left_out', 'at_risk', 'tried', 'contacted', 'released', 'never_tried'] %}
    counted.{{ name }}_count,
    {% endfor %}
    cast(coalesce(judged.sql_count, 0) as bigint) as sql_count,
    coalesce(judged.expected_count, 0) as expected_count,
    {{ share_of('judged.others_expected_count', 'judged.expected_count') }} as compared_share,
    {{ rate_columns('contacted_rate', 'counted.contacted_count', 'counted.at_risk_count') }},
    {{ rate_columns('sql_rate', 'coalesce(judged.sql_count, 0)', 'counted.at_risk_count') }},
    {{ against_expected('judged') }},
    judged.adjusted_p_value
from counted
left join {{ stepped_up('tested') }} as judged on counted.team_id = judged.team_id
