"""Which records belong to which lead at a moment, as the merges known by then say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orchestration.replay.scratch import Scratch

# The survivor each record states at a moment, as int_merges__judged chooses it: the one known last, then the greatest.
_MERGES = """
    with known as (select * from home.intermediate.int_records__current where effective_at <= $1),
    stated as (
        select versions.record_key, survivors.record_key as survivor_key, versions.valid_from as known_at
        from home.intermediate.int_records__versioned as versions
        inner join known as survivors
            on versions.id_space = survivors.id_space and versions.merged_into_lead_id = survivors.lead_id
        where versions.valid_from <= $1 and versions.valid_to > $1
        union all
        select members.record_key, named.record_key, named.known_at
        from home.input.input__identities as named
        inner join known as members on named._id_space = members.id_space and named.id_value = members.lead_id
        where named.id_type = 'crm_id' and named.known_at <= $1
    )
    select record_key, survivor_key
    from stated
    where record_key in (select record_key from known) and survivor_key in (select record_key from known)
    group by record_key, survivor_key
    qualify row_number() over (partition by record_key order by min(known_at) desc, survivor_key desc) = 1
"""


def known_merges(scratch: Scratch, moment: datetime) -> dict[str, str]:
    """Record → the record it was merged into, as known then; a merge that comes back to itself is none."""
    stated = {row["record_key"]: row["survivor_key"] for row in scratch.rows(_MERGES, [moment])}
    return {key: survivor for key, survivor in stated.items() if key not in followed(stated, key)}


def followed(merges: Mapping[str, str], key: str) -> list[str]:
    """The records reached from one, nearest first, until none follows or one comes again."""
    reached: list[str] = []
    while (key := merges.get(key, "")) and key not in reached:
        reached.append(key)
    return reached
