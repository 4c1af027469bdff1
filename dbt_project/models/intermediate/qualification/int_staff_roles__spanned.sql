-- Roles of staff as each source sees them: ids of sources that know nothing of each other may collide. Of a source's rows
-- one without known_at has always held, in its latest landed version; a dated one holds from its known_at on.
with staff as (
    select
        {{ trimmed('staff_id') }} as staff_id,
        {{ trimmed('role') }} as role,
        coalesce(valid_from, {{ beginning_of_time() }}) as valid_from,
        coalesce(valid_to, {{ end_of_time() }}) as valid_to,
        coalesce(known_at, {{ beginning_of_time() }}) as known_from,
        _landed_as_of,
        _source as defined_by,
        _file_sha256,
        _row_no
    from {{ ref('input__staff') }}
    where known_at is null or known_at <= {{ as_of() }}
),

latest as (
    select *
    from staff
    qualify row_number() over (
        partition by defined_by, staff_id, known_from
        order by
            _landed_as_of desc nulls last,
            {{ canonical_text(['role', 'valid_from', 'valid_to']) }} desc,
            _file_sha256 desc,
            _row_no desc
    ) = 1
),

seen as (
    select
        sources.source,
        latest.*,
        dense_rank() over (
            partition by sources.source, latest.staff_id
            order by {{ definition_rank('sources', 'latest.defined_by') }}, latest.defined_by
        ) as definition_no
    from {{ ref('input__sources') }} as sources
    cross join latest
),

-- A nearer source's word holds from when it is known, not before: what was decided by then stands.
nearest as (
    select *
    from seen
    qualify definition_no = min(definition_no) over (
        partition by source, staff_id order by known_from range between unbounded preceding and current row
    )
)

select
    source,
    staff_id,
    role,
    valid_from,
    valid_to,
    known_from,
    lead(known_from, 1, {{ end_of_time() }}) over (partition by source, staff_id order by known_from) as known_to,
    defined_by
from nearest
