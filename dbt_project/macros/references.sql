{#
  Reference rows as every source sees them at as_of (a query). Of a key's rows the one known last holds, of rows that
  hold for all times the one landed last. `whole` is what a source defines as one thing (a calendar has many rows):
  a source's own definition comes first, then that of the source whose lead ids it uses, then the first by name.
#}
{% macro current_references(entity, keys, columns, whole) -%}
with known as (
    select
        {{ (keys + columns) | join(',\n        ') }},
        _source as defined_by,
        row_number() over (
            partition by _source, {{ keys | join(', ') }}
            order by
                known_at desc nulls last,
                case when known_at is null then _batch_id end desc nulls last,
                {{ canonical_text(columns) }} desc,
                _file_sha256 desc,
                _row_no desc
        ) as version_no
    from {{ ref('input__' ~ entity) }}
    where known_at is null or known_at <= {{ as_of() }}
),

definitions as (
    select distinct defined_by, {{ whole }} from known
),

chosen as (
    select
        sources.source,
        definitions.defined_by,
        definitions.{{ whole }}
    from {{ ref('input__sources') }} as sources
    cross join definitions
    qualify row_number() over (
        partition by sources.source, definitions.{{ whole }}
        order by {{ definition_rank('sources', 'definitions.defined_by') }}, definitions.defined_by
    ) = 1
)

select
    chosen.source,
    {% for column in keys + columns %}
    known.{{ column }},
    {% endfor %}
    known.defined_by
from chosen
inner join known on chosen.defined_by = known.defined_by and chosen.{{ whole }} = known.{{ whole }}
where known.version_no = 1
{%- endmacro %}

{# How near a source stands to another's definition: its own, that of the source whose lead ids it uses, anybody's. #}
{% macro definition_rank(sources, defined_by) -%}
    case when {{ defined_by }} = {{ sources }}.source then 0 when {{ defined_by }} = {{ sources }}.id_space then 1 else 2 end
{%- endmacro %}
