{% set member = 'staff_source, staff_id' %}
{% set stratum = ['service_line', 'channel', 'points_band'] %}

-- Leads a member of staff took up while they could still become SQL: who was gone by then was not theirs to bring there.
with begun as (
    select
        mqls.*,
        worked.staff_source,
        worked.staff_id,
        worked.team_id,
        worked.taken_up_at
    from {{ mature_mqls() }} as mqls
    inner join {{ ref('int_leads__worked') }} as worked on mqls.lead_key = worked.lead_key
    where worked.taken_up_at <= mqls.horizon_ends_at
),

taken as (
    select begun.*
    from begun
    anti join {{ gone_by('begun', 'taken_up_at') }} as gone on begun.lead_key = gone.lead_key
),

members as (
    select
        taken.staff_source,
        taken.staff_id,
        max_by(taken.team_id, {{ canonical_text(['taken.taken_up_at', 'taken.lead_key']) }}) as team_id,
        min(staff.role) as role
    from taken
    left join {{ ref('int_staff__current') }} as staff on taken.staff_id = staff.staff_id and taken.staff_source = staff.source
    group by taken.staff_source, taken.staff_id
),

cells as (
    select
        {{ member }},
        count(*) as given_count,
        count(case when is_converted then 1 end) as sql_count,
        sum(count(*)) over same_mix as stratum_count,
        sum(count(case when is_converted then 1 end)) over same_mix as stratum_sql_count
    from taken
    group by {{ member }}, {{ stratum | join(', ') }}
    window same_mix as (partition by {{ stratum | join(', ') }})
),

-- If it made no difference whose a lead is, each stratum's SQLs would fall among its leads by chance: expected and spread
-- as of Mantel and Haenszel (1959). Decimals, so that no order of adding shows in a last digit.
summed as (
    select
        {{ member }},
        sum(given_count) as at_risk_count,
        sum(sql_count) as sql_count,
        cast(sum(cast(
            cast(given_count as double) * stratum_sql_count / stratum_count as decimal(28, 12)
        )) as double) as expected_count,
        cast(sum(cast(
            cast(given_count as double) * stratum_sql_count * (stratum_count - stratum_sql_count) * (stratum_count - given_count)
            / nullif(cast(stratum_count as double) * stratum_count * (stratum_count - 1), 0) as decimal(28, 12)
        )) as double) as variance,
        sum(sum(given_count)) over () as whole_count,
        sum(sum(sql_count)) over () as whole_sql_count
    from cells
    group by {{ member }}
),

tested as (
    select
        *,
        case
            when variance > 0 and least(expected_count, at_risk_count - expected_count) >= {{ least_expected_count() }}
                then (sql_count - expected_count) / sqrt(variance)
        end as standard_errors
    from summed
)

select
    judged.staff_id,
    judged.staff_source as source,
    {{ dimension('members.team_id') }} as team_id,
    {{ dimension(trimmed('members.role')) }} as role,
    judged.adjusted_p_value <= {{ var('false_discovery_rate') }} as is_unlike,
    cast({{ readiness_days() }} as integer) as horizon_days,
    cast(judged.at_risk_count as bigint) as at_risk_count,
    cast(judged.sql_count as bigint) as sql_count,
    judged.expected_count,
    {{ rate_columns('sql_rate', 'judged.sql_count', 'judged.at_risk_count') }},
    {% for name, count in [
        ('', 'cast(judged.sql_count as double)'),
        ('_low', byar_low('judged.sql_count')),
        ('_high', byar_high('judged.sql_count')),
    ] %}
    {{ count }} / nullif(judged.expected_count, 0) as ratio{{ name }},
    least(
        cast(1 as double),
        {{ share_of('judged.whole_sql_count', 'judged.whole_count') }} * {{ count }} / nullif(judged.expected_count, 0)
    ) as adjusted_rate{{ name }},
    {% endfor %}
    judged.adjusted_p_value
from {{ stepped_up('tested') }} as judged
inner join members on judged.staff_source = members.staff_source and judged.staff_id = members.staff_id
