-- A row without known_at has always held, in its latest landed version; a dated one holds from its known_at on.
with staff as (
    select
        {{ trimmed('staff_id') }} as staff_id,
        {{ trimmed('role') }} as role,
        coalesce(valid_from, {{ beginning_of_time() }}) as valid_from,
        coalesce(valid_to, {{ end_of_time() }}) as valid_to,
        coalesce(known_at, {{ beginning_of_time() }}) as known_from,
        _landed_as_of,
        _source,
        _file_sha256,
        _row_no
    from {{ ref('input__staff') }}
    where known_at is null or known_at <= {{ as_of() }}
),

latest as (
    select *
    from staff
    qualify row_number() over (
        partition by staff_id, known_from
        order by
            _landed_as_of desc nulls last,
            {{ canonical_text(['role', 'valid_from', 'valid_to']) }} desc,
            _source desc,
            _file_sha256 desc,
            _row_no desc
    ) = 1
)

select
    staff_id,
    role,
    valid_from,
    valid_to,
    known_from,
    lead(known_from, 1, {{ end_of_time() }}) over (partition by staff_id order by known_from) as known_to
from latest
