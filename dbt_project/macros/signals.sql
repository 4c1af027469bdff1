{# What verdicts on signals and causes say, in the words of whoever edits the criteria. #}

{# A share as whole per cent. #}
{% macro in_per_cent(share) -%}
    cast(cast(round(100 * {{ share }}) as bigint) as varchar) || ' %'
{%- endmacro %}

{# The edit that follows from a rule's verdict; columns as in fct_mql_signal_outcomes. #}
{% macro suggested_edit() -%}
    {%- set rule = "'rule ' || rule_id || ' of ' || criteria_version" -%}
    {#- A version that has decided is never changed: what is to change goes into the next. -#}
    {%- set out = "'leave rule ' || rule_id || ' out of the next version' || case when is_in_force then ' after ' || criteria_version else '' end" -%}
    case
        when is_in_force then ''
        else criteria_version || ' is no longer in force: look at the version that is'
            || case when verdict in ('harmful', 'useless', 'redundant') then '; if it holds there too, ' else ', or ' end
    end
    || case
        when verdict = 'pulls_its_weight' then 'keep ' || {{ rule }} || ': given the other rules, MQLs it fires for become SQL more often'
        when verdict = 'harmful' then {{ out }} || ': given the other rules, MQLs it fires for become SQL less often'
        when verdict = 'useless'
            then {{ out }} || ', or lower its points: given the other rules, MQLs it fires for become SQL hardly more often than others'
        when verdict = 'redundant'
            then {{ out }} || ', or keep it in place of ' || redundant_with || ': the two fire together, and it adds nothing to that one'
        when at_risk_count = 0 then 'leave ' || {{ rule }} || ': no MQL of it has been followed long enough'
        when fired_count = 0 then 'check ' || {{ rule }} || ': it fired for no MQL followed long enough; does its signal come in?'
        when rest_count = 0
            then 'judge ' || {{ rule }} || ' otherwise: it fired for every MQL, so outcomes cannot tell what it adds'
        when is_inseparable
            then 'judge ' || {{ rule }} || ' otherwise: other rules tell whether it fires, as where rules together cover every MQL, so outcomes tell only how these differ from each other'
        else 'leave ' || {{ rule }} || ': too few MQLs have been followed to say what it adds'
    end
{%- endmacro %}

{# What this run found of each behaviour rule, given the other rules of its version (a subquery). #}
{% macro signal_verdicts() -%}
    (
        select criteria_version, rule_id, verdict
        from {{ ref('stg_handoff__signal_estimates') }}
        where section = 'behaviour' and estimated_as_of = {{ as_of() }}
    )
{%- endmacro %}

{# What the data say of a cause, in a sentence; columns as in fct_mql_cause_evidence, and rule_verdict of a signal. #}
{% macro cause_evidence() -%}
    case
        when worst_value is null then 'No two values with enough MQLs followed long enough to compare.'
        else
            'Of ' || cast(worst_count as varchar) || ' MQLs with ' || dimension || ' ' || worst_value || ', '
            || {{ in_per_cent(share_of('worst_sql_count', 'worst_count')) }} || ' became SQL within {{ readiness_days() | trim }} days; of the rest in the same service lines '
            || {{ in_per_cent('rest_rate') }} || '. '
            || case
                when verdict = 'speaks_for'
                    then 'At the rate of all together there would have been ' || cast(cast(round(missed_sql_count) as bigint) as varchar) || ' SQLs more.'
                    || case rule_verdict
                        when 'too_little_known' then ' Given the other rules, what the signal adds is too little known: no reason to change its rule.'
                        when 'pulls_its_weight' then ' Given the other rules, the signal pulls its weight: it is the company it comes in.'
                        when 'harmful' then ' Given the other rules it lowers the chance, too.'
                        when 'useless' then ' Given the other rules it adds hardly anything.'
                        when 'redundant' then ' Given the other rules it adds nothing to one it fires with.'
                        else ''
                    end
                when verdict = 'no_sign' then 'No value lies surely lower, and none could mean much.'
                else 'That may be chance.'
            end
    end
{%- endmacro %}

{# How soon a lead was first contacted, in business time. #}
{% macro contact_band(minutes) -%}
    case
        when {{ minutes }} <= 60 then 'within 1 hour'
        when {{ minutes }} <= 240 then '1 to 4 hours'
        when {{ minutes }} <= 1440 then '4 to 24 hours'
        else 'later'
    end
{%- endmacro %}

{# Where the band of ten points begins that holds some micro-points; all from 60 on are one band. #}
{% macro band_from(micro_points) -%}
    case when {{ micro_points }} is not null then cast(least(floor({{ micro_points }} / 10000000.0) * 10, 60) as bigint) end
{%- endmacro %}

{# A band's name, by where it begins. #}
{% macro band_of(points) -%}
    case
        when {{ points }} is null then '(none)'
        when {{ points }} = 60 then '60 and more'
        else cast({{ points }} as varchar) || ' to ' || cast({{ points }} + 10 as varchar)
    end
{%- endmacro %}

{# Versions in force at as_of (a subquery): a rule of one that is over can no longer be changed. #}
{% macro versions_in_force() -%}
    (
        select criteria_version
        from {{ ref('int_criteria__in_force') }}
        where valid_from <= {{ as_of() }} and valid_to > {{ as_of() }}
    )
{%- endmacro %}
