{# The steps whose conversion is rated, and the criteria that could decide them. #}

{#
  Each lead's steps (a relation in parentheses): the four of the funnel, and lead_to_sql, from lead to SQL by way of MQL or
  past it; with the version that decided the MQL or SQL it is about, when that was, and of an SQL its basis.
#}
{% macro conversion_steps() -%}
    {%- set dimensions = ['service_line', 'channel', 'platform', 'campaign_id', 'landing_page', 'location_id', 'team_id'] -%}
    {%- set known = 'steps.lead_key, steps.' ~ dimensions | join(', steps.') ~ ', steps.cohort_date, steps.entered_at' -%}
    {%- set later = 'staged.became_opportunity_at, staged.appointment_booked_at, staged.consult_held_at' -%}
    (
        select
            steps.step,
            {{ known }},
            steps.converted_at,
            steps.left_at,
            steps.observed_from,
            case when steps.step in ('mql_to_sql', 'sql_to_appointment') then staged.sql_basis end as sql_basis,
            case
                when steps.step = 'lead_to_mql' then staged.mql_criteria_version
                when steps.step in ('mql_to_sql', 'sql_to_appointment') then staged.sql_criteria_version
            end as deciding_version,
            case when steps.step = 'sql_to_appointment' then steps.entered_at else steps.converted_at end as decided_at
        from {{ ref('int_funnel_steps__entered') }} as steps
        left join {{ ref('int_leads__staged') }} as staged on steps.lead_key = staged.lead_key
        union all
        select
            'lead_to_sql' as step,
            {{ known }},
            staged.became_sql_at as converted_at,
            case when staged.became_sql_at is null then least(staged.disqualified_at, {{ later }}) end as left_at,
            case when steps.entered_at < authorities.observed_from then authorities.observed_from end as observed_from,
            staged.sql_basis,
            staged.sql_criteria_version as deciding_version,
            staged.became_sql_at as decided_at
        from {{ ref('int_funnel_steps__entered') }} as steps
        inner join {{ ref('int_leads__staged') }} as staged on steps.lead_key = staged.lead_key
        inner join {{ ref('int_leads__dimensioned') }} as entries on steps.lead_key = entries.lead_key and entries.stage = 'lead'
        left join {{ ref('int_stage_authorities__set') }} as authorities
            on entries.id_space = authorities.id_space and authorities.stage = 'sql'
        where steps.step = 'lead_to_mql'
    )
{%- endmacro %}

{#
  Each row of `rows` (a CTE with service_line and entered_at) with every version that was in force for its line at some
  moment from entering to the end of `days`, as_of at the latest; is_new where it began after entering (a relation in
  parentheses).
#}
{% macro with_criteria_in_force(rows, days) -%}
    (
        select
            {{ rows }}.*,
            in_force.criteria_version,
            in_force.valid_from > {{ rows }}.entered_at as is_new
        from {{ rows }}
        left join (select distinct service_line from {{ ref('int_criteria__in_force') }}) as own_lines
            on {{ trimmed(rows ~ '.service_line') }} = own_lines.service_line
        inner join {{ ref('int_criteria__in_force') }} as in_force
            on
                coalesce(own_lines.service_line, '') = coalesce(in_force.service_line, '')
                and in_force.valid_to > {{ rows }}.entered_at
                and in_force.valid_from <= least({{ horizon_end(rows ~ '.entered_at', days) }}, {{ as_of() }})
    )
{%- endmacro %}
