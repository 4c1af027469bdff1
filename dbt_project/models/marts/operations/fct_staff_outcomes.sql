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

tested as (
    select *
    from {{ expected_of_mix('taken', ['staff_source', 'staff_id'], ['service_line', 'channel', 'points_band']) }} as tested
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
    {{ against_expected('judged') }},
    judged.adjusted_p_value
from {{ stepped_up('tested') }} as judged
inner join members on judged.staff_source = members.staff_source and judged.staff_id = members.staff_id
