with stays as (
    select
        stays.stage,
        lines.service_line,
        stays.left_at is not null as is_ended,
        {{ epoch_micros('coalesce(stays.left_at, ' ~ as_of() ~ ')') }} - {{ epoch_micros('stays.entered_at') }} as waited_micros
    from {{ ref('int_stages__stayed') }} as stays
    cross join lateral (select stays.service_line as service_line union all select 'all' as service_line) as lines
    where stays.stage in ('lead', 'mql', 'sql', 'opportunity', 'appointment')
),

counted as (
    select
        stage,
        service_line,
        count(*) as entered_count,
        count(case when is_ended then 1 end) as left_count,
        count(case when not is_ended then 1 end) as still_in_count
    from stays
    group by stage, service_line
)

select
    counted.stage,
    counted.service_line,
    counted.entered_count,
    counted.left_count,
    counted.still_in_count,
    cast(quantiles.median_micros as double) / 86400000000 as median_days,
    cast(quantiles.ninth_decile_micros as double) / 86400000000 as ninth_decile_days
from counted
left join {{ waiting_quantiles('stays', ['stage', 'service_line']) }} as quantiles
    on counted.stage = quantiles.stage and counted.service_line = quantiles.service_line
