select
    landed.criteria_version,
    landed.section,
    landed.rule_id,
    landed.verdict,
    landed.redundant_with,
    cast(landed.is_inseparable as boolean) as is_inseparable,
    cast(landed.marginal_odds_ratio as double) as marginal_odds_ratio,
    cast(landed.marginal_odds_ratio_low as double) as marginal_odds_ratio_low,
    cast(landed.marginal_odds_ratio_high as double) as marginal_odds_ratio_high,
    cast(landed.adjusted_p_value as double) as adjusted_p_value,
    cast(landed.largest_correlation as double) as largest_correlation,
    cast(landed.estimated_as_of as timestamp) as estimated_as_of
from {{ landed('handoff', 'signal_estimates') }} as landed
