{% set whole = 4 * 10 ** 17 %}

select
    rules.*,
    row_number() over (partition by criteria_version order by rule_id) as rule_no,
    half_life_microseconds is not null as is_decaying,
    coalesce(cast(ceil(least(64.0 * half_life_microseconds, {{ whole }})) as bigint), {{ whole }}) as block_micros
from {{ ref('input__criteria_rules') }} as rules
where section = 'behaviour'
