"""Whole days said anew: what a day held before and holds no longer is ended by a version of its own.

The lake only grows. A row that a restated day lost is ended by its last landed content once more, with `is_deleted`
true, known when the run that lands the restatement is (never before the version it ends), in the batch of the
restatement. Whatever reads versions then finds a deletion like any other; if the row comes back, so does its key.

What counts as held is a key's last version, by order of landing. A row that waits in quarantine still keeps its key
from being ended; where not even its key can be read, it keeps all of its day, or of every day where that is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.lake.batches import SCHEMA_FILE
from orchestration.lake.door import LandedColumn, door_columns, landed_columns
from orchestration.lake.extract import Extract, Restates
from orchestration.lake.refusal import LandingError
from orchestration.lake.row_hashes import content_hash, known_name
from orchestration.lake.whole_days import day_sql, part_sql, whole_day

_ROWS = 1 << 17
_TABLES = """
create or replace temp table spoken (part varchar, day date);
create or replace temp table doubtful (part varchar, day date);
create or replace temp table unread_keys (key_a ubigint, key_b ubigint);
"""
_KEYS = "hash(_key_hash) as key_a, hash(_key_hash || '.') as key_b"
_ADD = f"""
    insert into spoken select distinct _part, _day from told where _is_day_read;
    insert into doubtful
    select distinct case when _is_day_read then _part end, case when _is_day_read then _day end
    from told
    where _fault is not null and not _is_key_read;
    insert into unread_keys select {_KEYS} from told where _fault is not null and _is_key_read;
"""


class Restatement:
    """What one extract says of whole days; of an extract that restates none, nothing.

    Attributes
    ----------
    days_withheld : int
        Days of which rows were not withdrawn, as a row whose key cannot be read may be one of them. After `withdrawn`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, extract: Extract, *, as_of: datetime) -> None:
        self.days_withheld = 0
        self._connection = connection
        self._extract = extract
        self._as_of = as_of
        if extract.restates is not None:
            self._landed = door_columns(extract.spec, extract.rules)
            _refuse_unless_restatable(extract, extract.restates, self._landed)
            connection.execute(_TABLES)

    def add(self, rows: pa.Table, unread: int) -> None:
        """Note which days and keys the checked `rows` (bad ones too) tell of, and that `unread` rows tell nothing."""
        if self._extract.restates is None:
            return
        self._connection.register("told", rows)
        self._connection.execute(_ADD)
        self._connection.unregister("told")
        if unread:
            self._connection.execute("insert into doubtful values (null, null)")

    def days_told(self) -> list[str]:
        """Every day the extract speaks of, as `_whole_day`: doubtful ones too."""
        if self._extract.restates is None:
            return []
        days, values = _days_sql(self._extract.restates)
        found = self._connection.execute(f"select distinct {whole_day('part', 'day')} from ({days})", values)
        return [day for (day,) in found.fetchall()]

    def withdrawn(self, landed: Sequence[Path]) -> Iterator[pa.Table]:
        """The versions that end what landed of the restated days and is not among the rows added.

        Columns as they landed, without the lineage of a batch. `landed` are the files of what landed before.
        """
        restates = self._extract.restates
        if restates is None or not landed:
            return
        self._gather_days(restates)
        # Files older than a column have none of it: the object's typed empty file brings every column.
        files = [str(file) for file in (*landed, landed[0].parent.parent / SCHEMA_FILE)]
        if not self._find_vanished(restates, files):
            return
        counted = self._connection.execute("select count(distinct (_part, _day)) from vanished where is_doubtful")
        self.days_withheld = int(counted.fetchall()[0][0])
        for batch in self._connection.sql(self._ending_sql(), params=[files]).to_arrow_reader(_ROWS):
            yield pa.Table.from_batches([batch])

    def _gather_days(self, restates: Restates) -> None:
        """`day_told`: every day (and part) the extract speaks of, and whether doubtful."""
        days, values = _days_sql(restates)
        self._connection.execute(
            f"""
            create or replace temp table day_told as
            select part, day, exists (
                select 1 from doubtful
                where doubtful.day is null or (doubtful.part = told.part and doubtful.day = told.day)
            ) as is_doubtful
            from ({days}) as told
            """,
            values,
        )

    def _find_vanished(self, restates: Restates, files: list[str]) -> bool:
        """`vanished`: the last version, not deleted, of each key that lies in a day told and is not told itself."""
        part, day = part_sql(restates, self._landed), day_sql(restates, self._landed)
        relation = f"(select *, {part} as _part, {day} as _day from read_parquet(?, union_by_name = true))"
        bounds = self._connection.execute("select min(day), max(day) from day_told").fetchall()[0]
        self._connection.execute(
            f"""
            create or replace temp table at_stake as
            with candidates as (
                select distinct _key_hash, {_KEYS} from {relation} as landed
                semi join day_told on landed._part = day_told.part and landed._day = day_told.day
                where landed._day between ? and ?
            )
            select _key_hash from candidates
            anti join fresh using (key_a, key_b)
            anti join unread_keys using (key_a, key_b)
            """,
            [files, *bounds],
        )
        if not self._connection.execute("select count(*) from at_stake").fetchall()[0][0]:
            return False
        self._connection.execute(
            f"""
            create or replace temp table vanished as
            with last_versions as (
                select _batch_id, _row_no, _part, _day, is_deleted
                from {relation} semi join at_stake using (_key_hash)
                qualify row_number() over (partition by _key_hash order by _batch_id desc, _row_no desc) = 1
            )
            select last_versions.*, day_told.is_doubtful
            from last_versions
            join day_told on last_versions._part = day_told.part and last_versions._day = day_told.day
            where not coalesce(last_versions.is_deleted, false)
            """,
            [files],
        )
        return True

    def _ending_sql(self) -> str:
        """The vanished rows once more, deleted, in the order they landed in."""
        names = [name for name, _ in landed_columns(self._extract.spec)]
        own = {"is_deleted": "true", "known_at": f"greatest(known_at, timestamp '{self._as_of.isoformat(sep=' ')}')"}
        columns = ", ".join(f"{own.get(name, _quoted(name))} as {_quoted(name)}" for name in names)
        return f"""
            with ending as (
                select {columns}, _key_hash, _token_hash, landed._batch_id, landed._row_no
                from read_parquet(?, union_by_name = true) as landed
                semi join (select * from vanished where not is_doubtful) as vanished
                    on landed._batch_id = vanished._batch_id and landed._row_no = vanished._row_no
            )
            select * exclude (_batch_id, _row_no), {content_hash(self._extract.spec, self._landed)} as _row_hash,
                'landed' as _known_at_basis
            from ending
            order by _batch_id, _row_no
        """


def _days_sql(restates: Restates) -> tuple[str, list[object]]:
    """SELECT of the (part, day) told of, and the values it takes."""
    days = "select distinct part, day from spoken"
    if restates.days is not None:
        parts = "select distinct part from spoken" if restates.within else "select '' as part"
        return f"select part, unnest(?::date[]) as day from ({parts})", [list(restates.days)]
    if restates.last_days > 0:
        days = f"""{days} union
            select part, cast(unnest(generate_series(max(day) - {restates.last_days - 1}, max(day),
                interval 1 day)) as date) from spoken group by part"""
    return days, []


def _quoted(name: str) -> str:
    return f'"{name}"'


def _refuse_unless_restatable(extract: Extract, restates: Restates, landed: Sequence[LandedColumn]) -> None:
    """A connector's own faults: told in words, as its files cannot be to blame."""
    types = {each.source_column: each.type for each in landed if not each.is_token}
    wrong = ""
    if types.get(restates.day) != "date":
        wrong = f"its day {restates.day} is no date that passes the door"
    elif absent := set(restates.within) - set(types):
        wrong = f"{', '.join(sorted(absent))} does not pass the door"
    elif not any(each.name == "is_deleted" and each.type == "boolean" for each in landed):
        wrong = "it has no column is_deleted to withdraw a row with"
    elif extract.spec.is_reference or known_name(extract.spec) is not None:
        wrong = "rows that say themselves when they are known cannot be withdrawn by a later file"
    if wrong:
        raise LandingError(f"{extract.rules.source}.{extract.spec.name} cannot be restated by the day: {wrong}")
