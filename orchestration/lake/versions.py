"""Which rows of a batch are news: repeats, corrections, and the moment each version could first be known.

The rules are design 4.1 and 4.2. Works on hashes and times alone, of this batch (`fresh`) and of what landed before;
the rows themselves stay where they are. Rows whose key occurs once, and never before, need no decision: what landing
assumed of them holds. Everything else is `crowd`, decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.lake.rows import Rows
from orchestration.lake.sightings import Sightings

FRESH = """
create or replace temp table fresh (row_no bigint, key_a ubigint, key_b ubigint, content ubigint, given timestamp,
    event timestamp)
"""
_KEYS = "hash(_key_hash) as key_a, hash(_key_hash || '.') as key_b"
_CONTENT = "hash(_row_hash || coalesce(_token_hash, '')) as content"
ADD_FRESH = f"insert into fresh select _row_no, {_KEYS}, {_CONTENT}, _given_at, _event_at from checked"


@dataclass(frozen=True)
class Verdicts:
    """What is decided, by row number: rows to drop, and rows that are not what landing assumed of them.

    `known_at` (microseconds, null as `NO_TIME`), `basis` and `is_repeat` belong to `changed`. `superseded` are those of
    the dropped that say something else than what was read of their key after them.
    """

    dropped: Rows
    changed: Rows
    known_at: Rows
    basis: Sequence[str | None]
    is_repeat: np.ndarray[tuple[int], np.dtype[np.bool_]]
    rows_backdated: int
    superseded: Rows = field(default_factory=lambda: np.empty(0, np.int64))


NO_TIME = np.iinfo(np.int64).min


def decide_versions(
    connection: duckdb.DuckDBPyConnection,
    landed: Sequence[Path],
    *,
    as_of: datetime,
    seen_until: datetime | None,
    is_reference: bool,
    sightings: Sightings | None = None,
) -> Verdicts:
    """Decide on the rows of `fresh` beside those in the files `landed`.

    `seen_until` is the as_of the source was last landed at: what claims to be known by then is backdated. With
    `sightings` the rows are old ones: one without a time of its own has no place after what was read later.
    """
    connection.execute(_existing_sql(landed), [[str(path) for path in landed]] if landed else None)
    connection.execute(
        """
        create or replace temp table crowd as
        with crowded as (
            select key_a from fresh group by key_a having count(*) > 1
            union
            select key_a from existing
        ),
        every_row as (
            select true as is_new, '' as batch_id, row_no, key_a, key_b, content, given, event from fresh
            union all
            select false, batch_id, row_no, key_a, key_b, content, known_at, null from existing
        )
        select every_row.* from every_row semi join crowded on every_row.key_a = crowded.key_a
        """
    )
    known, superseded = _set_aside_superseded(connection, sightings) if sightings else (_NONE, _NONE)
    decided = connection.execute(_DECIDE, {"as_of": as_of, "is_reference": is_reference}).fetchnumpy()
    backdated = 0
    if seen_until is not None and not is_reference:
        found = connection.execute(_BACKDATED, {"seen": seen_until, "as_of": as_of, "is_reference": False}).fetchall()
        backdated = int(found[0][0])
    verdicts = _verdicts(decided, backdated)
    dropped = np.sort(np.concatenate([verdicts.dropped, known, superseded]))
    return replace(verdicts, dropped=dropped, superseded=superseded)


_NONE = np.empty(0, np.int64)


def _set_aside_superseded(connection: duckdb.DuckDBPyConnection, sightings: Sightings) -> tuple[Rows, Rows]:
    """Take rows whose key, or whole day, was read again later out: those that landed alike, and the others."""
    seen = [list(each) for each in zip(*sightings.rows, strict=True)] or [[], [], [], []]
    kinds = (("row_no", pa.int64()), ("batch_id", pa.string()), ("at_row", pa.int64()), ("is_overtaken", pa.bool_()))
    columns = [pa.array(values, kind) for values, (_, kind) in zip(seen, kinds, strict=True)]
    connection.register("sighted", pa.table(columns, names=[name for name, _ in kinds]))
    firsts = sightings.first_batches
    ids = {"batch_id": pa.array(list(firsts), pa.string()), "first_id": pa.array(list(firsts.values()), pa.string())}
    connection.register("replayed", pa.table(ids))
    connection.execute(_SUPERSEDED)
    for told in ("crowd where is_new and", "fresh where"):
        connection.execute(f"delete from {told} row_no in (select row_no from superseded)")
    found = connection.execute("select row_no, is_known from superseded order by row_no").fetchnumpy()
    rows, is_known = np.asarray(found["row_no"], np.int64), np.asarray(found["is_known"], bool)
    return rows[is_known], rows[~is_known]


_SUPERSEDED = """
create or replace temp table superseded as
select new.row_no, coalesce(bool_or(old.content = new.content), false) as is_known
from fresh as new
inner join sighted on new.row_no = sighted.row_no
left join existing as old on new.key_a = old.key_a and new.key_b = old.key_b
left join replayed on old.batch_id = replayed.batch_id
where new.given is null
group by new.row_no
having max(row(coalesce(replayed.first_id, old.batch_id), old.row_no)) filter (old.row_no is not null)
    > max(row(sighted.batch_id, sighted.at_row))
    or bool_or(sighted.is_overtaken)
"""


def _existing_sql(landed: Sequence[Path]) -> str:
    if not landed:
        return """
        create or replace temp table existing (batch_id varchar, row_no bigint, key_a ubigint, key_b ubigint,
            content ubigint, known_at timestamp)
        """
    return f"""
        create or replace temp table existing as
        select * from (
            select _batch_id as batch_id, _row_no as row_no, {_KEYS}, {_CONTENT}, known_at
            from read_parquet(?, union_by_name = true)
        ) semi join fresh using (key_a)
        """


# Without a time of its own a version is read in the order of landing: the first of its key is known at its event, one
# equal to the last is no news, any other is known now; but where neither it nor the one before can be known yet (spend
# of a day that is not over), not before that.
_FATES = """
    placed as (
        select *,
            lag(content) over landing as content_before,
            row_number() over landing as place
        from crowd
        window landing as (partition by key_a, key_b order by is_new, batch_id, row_no)
    ),
    chained as (
        select *,
            max(case when place = 1 then coalesce(given, event) else given end) over (
                partition by key_a, key_b order by place rows between unbounded preceding and 1 preceding
            ) as known_before
        from placed
    ),
    timed as (
        select *,
            is_new and given is null and content_before is not distinct from content and place > 1 as is_known,
            case
                when given is not null or $is_reference then given
                when place = 1 then coalesce(event, $as_of)
                else greatest($as_of, least(event, known_before))
            end as known_at,
            case
                when given is not null then 'given'
                when $is_reference then null
                when place = 1 and event is not null then 'event'
                else 'landed'
            end as basis
        from chained
    ),
    unlike as (
        select *,
            given is not null and is_new and row_number() over (
                partition by key_a, key_b, content, known_at order by is_new, batch_id, row_no
            ) > 1 as is_landed_already
        from timed
        where not is_known
    ),
    ordered as (
        select *,
            known_at is not null and lag(content) over (
                partition by key_a, key_b order by known_at nulls first, is_new, batch_id, row_no
            ) is not distinct from content
            and lag(row_no) over (
                partition by key_a, key_b order by known_at nulls first, is_new, batch_id, row_no
            ) is not null as is_repeat
        from unlike
        where not is_landed_already
    )
"""
_DECIDE = f"""
    with {_FATES}
    select crowd.row_no, ordered.row_no is null as is_dropped, epoch_us(ordered.known_at) as known_at,
        coalesce(ordered.basis, '') as basis, coalesce(ordered.is_repeat, false) as is_repeat
    from crowd
    left join ordered on crowd.row_no = ordered.row_no and ordered.is_new
    where crowd.is_new
    order by crowd.row_no
"""
_BACKDATED = f"""
    with {_FATES}
    select
        (select count(*) from ordered where is_new and basis = 'event' and known_at <= $seen)
        + (
            select count(*) from fresh anti join crowd using (key_a)
            where fresh.given is null and fresh.event <= $seen
        )
"""


def set_aside(known: Sequence[int], superseded: Sequence[int]) -> Verdicts:
    """Of old rows that are not read again: those that have landed since, and those that have no place left."""
    gone = np.asarray(sorted([*known, *superseded]), np.int64)
    nothing = np.empty(0, bool)
    return Verdicts(gone, _NONE, _NONE, [], nothing, 0, superseded=np.asarray(superseded, np.int64))


def _verdicts(decided: Mapping[str, Any], backdated: int) -> Verdicts:
    row_no = np.asarray(decided["row_no"], dtype=np.int64)
    is_dropped = np.asarray(decided["is_dropped"], dtype=bool)
    known = np.ma.filled(np.ma.asarray(decided["known_at"]).astype(np.int64), NO_TIME)
    kept = ~is_dropped
    return Verdicts(
        dropped=row_no[is_dropped],
        changed=row_no[kept],
        known_at=np.asarray(known, dtype=np.int64)[kept],
        basis=[str(each) or None for each in np.asarray(decided["basis"], dtype=object)[kept]],
        is_repeat=np.asarray(decided["is_repeat"], dtype=bool)[kept],
        rows_backdated=backdated,
    )
