{# What others did with open leads before this run: the leads themselves, and staff in a CRM. #}

{#
  What open leads did since they became MQL (a relation in parentheses): further requests; calls of theirs after intake tried
  them and before anybody reached them (a call back that was missed; whom nobody has tried waits for none); their latest
  signal of any kind. By lead, over all its records, as known now. Which signals are meant say the variables
  `request_signals` and `call_signals`.
#}
{% macro signals_since_mql() -%}
    (
        select
            open_mql.lead_key,
            count(case
                when touch.signal in ('{{ var("request_signals") | join("', '") }}') and touch.occurred_at > open_mql.became_mql_at then 1
            end) as requests_since_mql_count,
            count(case
                when
                    touch.signal in ('{{ var("call_signals") | join("', '") }}')
                    and touch.occurred_at > open_mql.became_mql_at
                    and touch.occurred_at > attempts.first_attempted_at
                    and attempts.first_contacted_at is null
                    then 1
            end) as missed_call_backs_count,
            max(touch.occurred_at) as last_signal_at
        from {{ ref('int_mqls__open') }} as open_mql
        inner join {{ ref('int_records__merged') }} as merged on open_mql.lead_key = merged.lead_key
        inner join {{ ref('int_touches__owned') }} as touch on merged.record_key = touch.record_key
        left join {{ ref('int_leads__worked') }} as attempts on open_mql.lead_key = attempts.lead_key
        where touch.valid_from <= {{ as_of() }} and {{ as_of() }} < touch.valid_to
        group by open_mql.lead_key
    )
{%- endmacro %}

{# Team and member that staff set in a CRM, found by runs before this one (a relation in parentheses); of several, that found last. #}
{% macro set_by_staff() -%}
    (
        select
            lead_key,
            max(case when field = 'handoff_team_id' then theirs end) as team_id,
            max(case when field = 'handoff_staff_id' then theirs end) as staff_id
        from (
            select merged.lead_key, conflict.field, conflict.theirs
            from {{ ref('stg_handoff__earlier_conflicts') }} as conflict
            inner join {{ ref('int_records__merged') }} as merged on conflict.lead_key = merged.record_key
            where conflict.field in ('handoff_team_id', 'handoff_staff_id') and conflict.found_as_of < {{ as_of() }}
            qualify row_number() over (
                partition by merged.lead_key, conflict.field
                order by conflict.found_at desc, conflict.destination, conflict.source, conflict.lead_id, conflict._batch_id desc
            ) = 1
        ) as latest
        group by lead_key
    )
{%- endmacro %}
