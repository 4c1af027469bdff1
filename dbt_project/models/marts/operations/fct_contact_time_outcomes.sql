{% set key = ['service_line', 'contact_band'] %}
{% set counts = ['lead_count', 'left_out_count', 'left_out_converted_count', 'at_risk_count', 'converted_count'] %}
{% set timed = "contact_band not in ('before', 'never')" %}

-- A contact after the horizon can bring nothing within it: until then nobody had called.
with mqls as (
    select
        mqls.*,
        timed.open_micros_to_contact as waited_micros,
        case when timed.first_contacted_at <= mqls.horizon_ends_at then timed.first_contacted_at end as contacted_at
    from {{ mature_mqls() }} as mqls
    inner join {{ ref('int_handoffs__timed') }} as timed on mqls.lead_key = timed.lead_key
    where mqls.is_observed
),

-- Who was SQL, disqualified or booked when somebody called had no time left to be called in: in a later band they would
-- stand for being called late, or for never being called.
banded as (
    select
        service_line as own_line,
        points_band,
        case
            when contacted_at is null then 'never'
            when contacted_at < entered_at then 'before'
            when waited_micros <= 3600000000 then 'within 1 hour'
            when waited_micros <= 4 * 3600000000 then '1 to 4 hours'
            when waited_micros <= 24 * 3600000000 then '4 to 24 hours'
            else 'later'
        end as contact_band,
        gone.lead_key is not null or coalesce(mqls.converted_at < mqls.entered_at, false) as is_left_out,
        is_converted
    from mqls
    left join {{ gone_by('mqls', 'coalesce(contacted_at, horizon_ends_at)') }} as gone on mqls.lead_key = gone.lead_key
),

cells as (
    select
        own_line,
        points_band,
        contact_band,
        count(*) as lead_count,
        count(case when is_left_out then 1 end) as left_out_count,
        count(case when is_left_out and is_converted then 1 end) as left_out_converted_count,
        count(case when not is_left_out then 1 end) as at_risk_count,
        count(case when not is_left_out and is_converted then 1 end) as converted_count
    from banded
    group by own_line, points_band, contact_band
),

viewed as (
    select 'all' as service_line, cells.* from cells
    union all
    select {{ beside_all('own_line') }} as service_line, cells.* from cells
),

compared as (
    select *
    from viewed
    where {{ timed }}
),

counted as (
    {% for stratum in ["'all'", 'points_band'] %}
    select
        {{ key | join(', ') }},
        {{ stratum }} as stratum,
        {% for count in counts %}
        cast(sum({{ count }}) as bigint) as {{ count }}{{ "," if not loop.last }}
        {% endfor %}
    from viewed
    group by {{ key | join(', ') }}, {{ stratum }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

-- Of the never contacted nobody is left who could become SQL, and those reached before had no wait: of them no rate.
{% set observed = "(case when " ~ timed.replace('contact_band', 'counted.contact_band') ~ " then counted.at_risk_count end)" %}
select
    counted.service_line,
    counted.contact_band,
    counted.stratum,
    cast({{ readiness_days() }} as integer) as horizon_days,
    {% for count in counts %}
    counted.{{ count }},
    {% endfor %}
    {{ rate_columns('rate', 'counted.converted_count', observed) }},
    adjusted.rate as adjusted_rate,
    adjusted.rate_low as adjusted_rate_low,
    adjusted.rate_high as adjusted_rate_high
from counted
left join {{ directly_standardised('compared', 'service_line', 'contact_band', ['own_line', 'points_band']) }} as adjusted
    on
        counted.service_line = adjusted.service_line
        and counted.contact_band = adjusted.contact_band
        and counted.stratum = 'all'
