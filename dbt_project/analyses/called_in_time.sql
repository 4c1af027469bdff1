-- Which teams call in time? Open and censored handoffs are in neither count. Reached before the handoff is in time, and
-- that intake did not bring about: the second percentage is of all others. Compare teams that promise the same minutes,
-- or by the hour, whatever was promised.
select
    dimension_value as team_id,
    handoff_count,
    met_count,
    breached_count,
    round(100 * attainment_rate, 1) as percent_in_time,
    round(100 * attainment_rate_low, 1) as percent_low,
    round(100 * attainment_rate_high, 1) as percent_high,
    met_before_count,
    round(100 * attainment_rate_after_handoff, 1) as percent_in_time_after_handoff,
    least_promised_minutes,
    most_promised_minutes,
    round(100 * contacted_within_60_minutes_rate, 1) as percent_within_an_hour,
    round(median_minutes_to_contact) as median_minutes_to_contact
from {{ ref('fct_sla_attainment') }}
where dimension = 'team' and met_count + breached_count > 0
order by attainment_rate, team_id
