{# Stages: how far each is on the way from lead to consult, and the stretches in which a recorded fact stayed the same. #}

{# How far a stage is on its way (0 to 5). Disqualified and recycled lead off the way and have no rank. #}
{% macro stage_rank(stage) -%}
    case {{ stage }}
        when 'lead' then 0 when 'mql' then 1 when 'sql' then 2 when 'opportunity' then 3 when 'appointment' then 4 when 'consult' then 5
    end
{%- endmacro %}

{% macro stage_of_rank(rank) -%}
    case {{ rank }}
        when 0 then 'lead' when 1 then 'mql' when 2 then 'sql' when 3 then 'opportunity' when 4 then 'appointment' when 5 then 'consult'
    end
{%- endmacro %}

{#
  Stretches of versions (a relation in parentheses): the last version of each stretch in which none of the `same`
  columns changed and no version of another record, no deletion and no time without a version lay between, with the
  moments the stretch began to be known (first_known_at) and to count (first_effective_at). So a fact keeps the moment it
  was first known when something beside it was corrected.
#}
{% macro version_stretches(versions, keys, same) -%}
    {%- set key_list = keys | join(', ') -%}
    (
        with compared as (
            select
                {{ versions }}.*,
                case when
                    lag(valid_to) over (partition by {{ key_list }} order by known_at) = valid_from
                    {%- for column in same %}
                    and lag({{ column }}) over (partition by {{ key_list }} order by known_at) is not distinct from {{ column }}
                    {%- endfor %}
                    then 0 else 1
                end as _begins
            from {{ versions }}
        ),

        numbered as (
            select
                compared.*,
                sum(_begins) over (partition by {{ key_list }} order by known_at) as _stretch_no
            from compared
        )

        select
            numbered.*,
            min(known_at) over (partition by {{ key_list }}, _stretch_no) as first_known_at,
            min(valid_from) over (partition by {{ key_list }}, _stretch_no) as first_effective_at
        from numbered
        qualify row_number() over (partition by {{ key_list }}, _stretch_no order by known_at desc) = 1
    )
{%- endmacro %}

{# An absent dimension is `(none)`. #}
{% macro dimension(expression) -%}
    coalesce({{ expression }}, '(none)')
{%- endmacro %}

{# Micro-units shown as units. #}
{% macro units_of_micros(expression) -%}
    cast(cast({{ expression }} as decimal(18, 0)) * cast(0.000001 as decimal(7, 6)) as decimal(18, 6))
{%- endmacro %}

{# Of a row of int_stage_labels__compared: is there a label, or has the lead's source ever labelled that stage? #}
{% macro label_is_expected(compared) -%}
    ({{ compared }}.labelled_at is not null or ({{ compared }}.id_space, {{ compared }}.stage) in (
        select sources.id_space, labels.stage
        from {{ ref('int_stage_labels__entered') }} as labels
        inner join {{ ref('input__sources') }} as sources on labels.source = sources.source
    ))
{%- endmacro %}

{# And is the time to set it over? #}
{% macro label_is_owed_by_now(compared) -%}
    coalesce({{ compared }}.labelled_at is not null or {{ compared }}.missed_at < {{ as_of() }}, false)
    and {{ label_is_expected(compared) }}
{%- endmacro %}
