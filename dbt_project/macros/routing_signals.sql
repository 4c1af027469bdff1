{#
  What open leads did since they became MQL (a relation in parentheses): further requests; calls of theirs after intake tried
  them and before anybody reached them (a call back that was missed); their latest signal of any kind. By lead, over all its
  records, as known now. Which signals are meant say the variables `request_signals` and `call_signals`.
#}
{% macro signals_since_mql() -%}
    (
        select
            mql.lead_key,
            count(case
                when touch.signal in ('{{ var("request_signals") | join("', '") }}') and touch.occurred_at > mql.became_mql_at then 1
            end) as requests_since_mql_count,
            count(case
                when
                    touch.signal in ('{{ var("call_signals") | join("', '") }}')
                    and touch.occurred_at > greatest(mql.became_mql_at, worked.first_attempted_at)
                    and worked.first_contacted_at is null
                    then 1
            end) as missed_call_backs_count,
            max(touch.occurred_at) as last_signal_at
        from {{ ref('int_mqls__open') }} as mql
        inner join {{ ref('int_records__merged') }} as merged on mql.lead_key = merged.lead_key
        inner join {{ ref('int_touches__owned') }} as touch on merged.record_key = touch.record_key
        left join {{ ref('int_leads__worked') }} as worked on mql.lead_key = worked.lead_key
        where touch.valid_from <= {{ as_of() }} and {{ as_of() }} < touch.valid_to
        group by mql.lead_key
    )
{%- endmacro %}
