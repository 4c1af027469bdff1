-- Before the next stage was observed, that a lead has none on record does not say that it stayed.
with every_stay as (
    select
        stays.stage,
        lines.service_line,
        stays.left_at is not null as is_ended,
        coalesce(stays.entered_at < next_stages.observed_from, false) as is_truncated,
        {{ epoch_micros('coalesce(stays.left_at, ' ~ as_of() ~ ')') }} - {{ epoch_micros('stays.entered_at') }} as waited_micros
    from {{ ref('int_stages__stayed') }} as stays
    inner join {{ ref('int_leads__current') }} as leads on stays.lead_key = leads.lead_key
    left join {{ ref('int_stage_authorities__set') }} as next_stages
        on
            leads.id_space = next_stages.id_space
            and next_stages.stage = case stays.stage
                when 'lead' then 'mql'
                when 'mql' then 'sql'
                when 'appointment' then 'consult'
                else 'appointment'
            end
    cross join lateral (select {{ beside_all('stays.service_line') }} as service_line union all select 'all' as service_line) as lines
    where stays.stage in ('lead', 'mql', 'sql', 'opportunity', 'appointment')
),

stays as (
    select * from every_stay where not is_truncated
),

counted as (
    select
        stage,
        service_line,
        count(case when not is_truncated then 1 end) as entered_count,
        count(case when not is_truncated and is_ended then 1 end) as left_count,
        count(case when not is_truncated and not is_ended then 1 end) as still_in_count,
        count(case when is_truncated then 1 end) as truncated_count
    from every_stay
    group by stage, service_line
)

select
    counted.stage,
    counted.service_line,
    counted.entered_count,
    counted.left_count,
    counted.still_in_count,
    counted.truncated_count,
    cast(quantiles.median_micros as double) / 86400000000 as median_days,
    cast(quantiles.ninth_decile_micros as double) / 86400000000 as ninth_decile_days
from counted
left join {{ waiting_quantiles('stays', ['stage', 'service_line']) }} as quantiles
    on counted.stage = quantiles.stage and counted.service_line = quantiles.service_line
