{#
  The versions of one kind of fact a lead's records own (labels, work, appointments): what held from when, on the
  effective clock. `facts` is the input relation, `id` the source's key, `moment` when the fact happened, `columns` what
  it says. Rows not known, or not effective, by as_of do not exist; a deleted version only ends the one before it.
#}
{% macro fact_versions(facts, id, moment, columns) -%}
with known as (
    select
        record_key,
        lead_id,
        {{ columns | join(',\n        ') }},
        coalesce(is_deleted, false) as is_deleted,
        known_at,
        {{ id }},
        _source,
        _file_sha256,
        _row_no
    from {{ facts }}
    where known_at <= {{ as_of() }} and {{ keys_of_touched_only(facts, ['_source', id]) }}
),

versions as (
    select *, greatest({{ moment }}, known_at) as effective_at
    from {{ versions('known', ['_source', id], columns + ['lead_id', 'is_deleted']) }} as spanned
)

select
    versions.record_key,
    versions._source as source,
    versions.{{ id }},
    {% for column in columns %}
    versions.{{ column }},
    {% endfor %}
    versions.is_tied,
    versions.known_until = {{ end_of_time() }} as is_current,
    versions.known_at,
    versions.effective_at as valid_from,
    versions.known_until as valid_to
from versions
semi join {{ ref('int_records__versioned') }} as records on versions.record_key = records.record_key
where
    not versions.is_deleted
    and versions.effective_at < versions.known_until
    and versions.effective_at <= {{ as_of() }}
    and {{ touched_only('versions.record_key') }}
{%- endmacro %}
