select *
from {{ ref('fct_funnel_conversions') }}
where
    at_risk_count > entered_count
    or converted_count + skipped_count > at_risk_count
    or converted_early_count > converted_count
    or (is_mature and at_risk_count <> entered_count)
    or (is_mature and observed_from is not null)
