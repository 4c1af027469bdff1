{#
  Which third of a version's leads a lead's points stand in: points of one version are comparable, those of two are not.
  Equal points stand together, in the lower third. (none) for a lead that is MQL by a label and has no points.
#}
{% macro points_band(points, version) -%}
    {%- set alike = 'partition by ' ~ version ~ ', ' ~ points ~ ' is null' -%}
    case
        when {{ points }} is null then '(none)'
        when 3 * (rank() over ({{ alike }} order by {{ points }}) - 1) < count(*) over ({{ alike }}) then 'lower third'
        when 3 * (rank() over ({{ alike }} order by {{ points }}) - 1) < 2 * count(*) over ({{ alike }}) then 'middle third'
        else 'upper third'
    end
{%- endmacro %}

{#
  What became of the MQLs whose horizon is over (a relation in parentheses), with the mix they came in: service line and
  channel as known at MQL, and their points band. Deleted and excluded leads are not here, nor who became MQL before the
  SQL stage was observed.
#}
{% macro mature_mqls() -%}
    (
        select
            steps.lead_key,
            steps.service_line,
            steps.channel,
            {{ points_band('(mqls.fit_micro_points + mqls.behaviour_micro_points)', 'handoffs.criteria_version') }} as points_band,
            handoffs.status <> 'not_observed' as is_observed,
            coalesce(steps.converted_at <= {{ horizon_end('steps.entered_at') }}, false) as is_converted,
            steps.entered_at,
            steps.converted_at,
            {{ horizon_end('steps.entered_at') }} as horizon_ends_at
        from {{ ref('int_funnel_steps__entered') }} as steps
        inner join {{ ref('fct_handoffs') }} as handoffs on steps.lead_key = handoffs.lead_key
        left join {{ ref('int_mqls__featured') }} as mqls on steps.lead_key = mqls.lead_key
        where
            steps.step = 'mql_to_sql'
            and steps.observed_from is null
            and {{ horizon_end('steps.entered_at') }} <= {{ as_of() }}
    )
{%- endmacro %}

{#
  Who of `mqls` (a CTE with lead_key and converted_at) had no time left to be called in at a moment of theirs: SQL already,
  or nobody owed them a contact then (a relation in parentheses). A state that had ended by then counts for nothing.
#}
{% macro gone_by(mqls, moment) -%}
    (
        select lead_key
        from {{ mqls }} as called
        where converted_at < {{ moment }}
        union
        select called.lead_key
        from {{ mqls }} as called
        inner join {{ ref('int_duties__ended') }} as states
            on
                called.lead_key = states.lead_key
                and states.began_at < {{ moment }}
                and states.ended_at > {{ moment }}
    )
{%- endmacro %}
