{% set whole = 4 * 10 ** 17 %}

select
    criteria_version,
    rule_id,
    micro_points,
    touch_limit,
    half_life_microseconds is not null as is_decaying,
    coalesce(cast(ceil(least(64.0 * half_life_microseconds, {{ whole }})) as bigint), {{ whole }}) as block_micros,
    points,
    half_life_microseconds
from {{ ref('input__criteria_rules') }}
where section = 'behaviour'
