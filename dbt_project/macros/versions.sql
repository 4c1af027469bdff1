{#
  Versions of facts (a relation in parentheses): of each key's rows known by as_of, what held from `known_at` until
  `known_until`. Of rows known at the same moment the last by canonical text holds, then by source, file and row, and
  the version is_tied if they differ; a version equal to its predecessor is that version still (A, A is one from the
  first known_at; A, B, A three).

  `rows` is a CTE with the key columns, `content` and `token` columns, known_at, _source, _file_sha256 and _row_no.
  Tokens count for equality but never for an order. `landing` names a column (see `landing_order`) by which, of rows
  that are known since they landed, the last landed holds where as_of is the same. Only keys with several rows pay for
  the windows (a hash finds them: one that two keys share costs time, nothing else).
#}
{% macro versions(rows, keys, content, tokens = [], landing = none) -%}
    {%- set key_list = keys | join(', ') -%}
    {%- set moment = 'known_at' ~ (', ' ~ landing if landing else '') -%}
    {%- set order = 'known_at, ' ~ (landing ~ ' nulls first, ' if landing else '') -%}
    (
        with several as (
            select {{ key_hash(keys) }} as _several from {{ rows }} group by 1 having count(*) > 1
        ),

        compared as (
            select
                {{ rows }}.*,
                {{ canonical_text(content) }} as _content,
                {{ canonical_text(content + tokens) }} as _whole
            from {{ rows }}
            semi join several on {{ key_hash(keys) }} = several._several
        ),

        tied as (
            select
                compared.*,
                known_at is distinct from lead(known_at) over (
                    partition by {{ key_list }} order by {{ order }}_content, _source, _file_sha256, _row_no
                ) as _holds,
                min(_whole) over (partition by {{ key_list }}, {{ moment }})
                <> max(_whole) over (partition by {{ key_list }}, {{ moment }}) as is_tied
            from compared
        ),

        changed as (
            select
                tied.*,
                _whole is distinct from lag(_whole) over (partition by {{ key_list }} order by known_at) as _is_new
            from tied
            where _holds
        )

        select
            changed.* except (_content, _whole, _holds, _is_new),
            coalesce(lead(known_at) over (partition by {{ key_list }} order by known_at), {{ end_of_time() }}) as known_until
        from changed
        where _is_new
        union all
        select {{ rows }}.*, false as is_tied, {{ end_of_time() }} as known_until
        from {{ rows }}
        anti join several on {{ key_hash(keys) }} = several._several
    )
{%- endmacro %}

{# Every version of the keys that a touched record was ever named under: one of them may end another's span. #}
{% macro keys_of_touched_only(relation, keys) -%}
    {%- if is_incremental() -%}
        ({{ keys | join(', ') }}) in (
            select {{ keys | join(', ') }} from {{ relation }} where {{ touched_only('record_key') }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#
  Did the row land, or pass one of its moments, since the last completed build? A row equal to its predecessor moves
  nothing when it lands; what landed between the two earlier may make it a version when its moment comes.
  Needs input__run in scope as `run`.
#}
{% macro moved_since_build(moments) -%}
    (
        (_batch_id >= {{ first_unbuilt_batch() }} and not coalesce(_is_repeat, false))
        or (
            (_batch_id < {{ first_unbuilt_batch() }} or not coalesce(_is_repeat, false))
            and (
                {%- for moment in moments %}
                {{ "or " if not loop.first }}({{ moment }} > run.built_as_of and {{ moment }} <= run.as_of)
                {%- endfor %}
            )
        )
    )
{%- endmacro %}

{# Batches of later runs than the last completed build sort at or after this text; absent before the first build. #}
{% macro first_unbuilt_batch() -%}
    lpad(cast(run.built_run_no + 1 as varchar), 8, '0')
{%- endmacro %}

{# Orders rows known since they landed (batches sort as they landed); null where a row's known_at says more. #}
{% macro landing_order() -%}
    case when _known_at_basis = 'landed' then _batch_id end
{%- endmacro %}
