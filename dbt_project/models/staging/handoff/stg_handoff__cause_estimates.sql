select
    landed.service_line,
    landed.cause,
    landed.verdict,
    landed.dimension,
    landed.worst_value,
    cast(landed.value_count as bigint) as value_count,
    cast(landed.worst_count as bigint) as worst_count,
    cast(landed.worst_sql_count as bigint) as worst_sql_count,
    cast(landed.rest_count as bigint) as rest_count,
    cast(landed.rest_rate as double) as rest_rate,
    cast(landed.rate_difference as double) as rate_difference,
    cast(landed.rate_difference_low as double) as rate_difference_low,
    cast(landed.rate_difference_high as double) as rate_difference_high,
    cast(landed.adjusted_p_value as double) as adjusted_p_value,
    cast(landed.share_of_variation as double) as share_of_variation,
    cast(landed.spread_adjusted_p_value as double) as spread_adjusted_p_value,
    cast(landed.estimated_as_of as timestamp) as estimated_as_of
from {{ landed('handoff', 'cause_estimates') }} as landed
