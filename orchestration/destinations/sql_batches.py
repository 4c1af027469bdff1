"""One batch of writes as one guarded statement of a database, and what became of each of its records.

The batch is staged in a temporary table; one update joined to it carries the guards, so that no write lands over a
newer sequence, over a route that staff changed or unseen over another field somebody changed, whoever writes at the
same time. PostgreSQL and SQLite say which records they updated; MariaDB locks the records first, so that what it is
asked then is what the update meets; a database of another kind is updated record by record in one transaction. Of a
record that was not updated the answer is what it holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from orchestration.destinations.base import FIELDS, STAFFS_OWN, Answer
from orchestration.destinations.sql_staging import Staging
from orchestration.destinations.sql_values import held_text, to_column
from orchestration.lake.outbox_types import Write

# What staff may change and keep.
GUARDED = STAFFS_OWN
_CHUNK = 5_000


class Batch:
    """Writes for the records of one table. A lead id its key's type cannot hold is no record of it."""

    def __init__(self, connection: Connection, table: sa.Table, key: str, writes: Sequence[Write]) -> None:
        self.connection, self.table, self.key = connection, table, table.c[key]
        self.dialect = connection.dialect.name
        keyed = [(to_column(write.lead_id, self.key.type, "text"), write) for write in writes]
        self.writes: dict[Any, Write] = {value: write for value, write in keyed if value is not None}
        self.answers = {write.lead_id: Answer("gone", "unknown_record") for value, write in keyed if value is None}
        self.staging = Staging(connection, table, self.key, self.writes)

    def apply(self) -> dict[str, Answer]:
        """Write them; the caller's transaction commits. Returns lead id → answer, unknown fates left out."""
        if self.writes:
            if self.dialect in ("postgresql", "sqlite"):
                self._returned()
            elif self.dialect in ("mysql", "mariadb"):
                self._locked()
            else:
                self._one_by_one()
        return self.answers

    def _returned(self) -> None:
        staged = self.staging.make()
        statement = self._joined(staged).returning(self.key)

        def update() -> set[Any]:
            return {self._own(found) for (found,) in self.connection.execute(statement)} & self.writes.keys()

        updated = update()
        if same := self._unchanged(self._judge([value for value in self.writes if value not in updated])):
            self._as_it_is(staged, same)
            updated |= update()
        self.staging.drop()
        self._acknowledge(updated)

    def _locked(self) -> None:
        free = self._judge(list(self.writes), is_locked=True)
        if not free:
            return
        self.writes = {value: self.writes[value] for value in free}
        self.staging = Staging(self.connection, self.table, self.key, self.writes)
        staged = self.staging.make()
        if self.staging.known:
            differing = sa.select(self.key).where(*self._is_same(staged), sa.not_(self._is_as_expected(staged.c)))
            odd = [self._own(found) for (found,) in self.connection.execute(differing)]
            if same := self._unchanged(odd):
                self._as_it_is(staged, same)
        updated = self.connection.execute(self._joined(staged)).rowcount
        self.staging.drop()
        left = [value for value in free if self.writes[value].lead_id not in self.answers]
        if updated == len(left):
            self._acknowledge(left)

    def _one_by_one(self) -> None:
        names = {f"v_{name}": name for name in self.staging.names} | {f"e_{n}": n for n in self.staging.expected}
        said = {new: sa.bindparam(new, type_=self.table.c[old].type) for new, old in names.items()}
        said["known"] = sa.bindparam("known", type_=sa.Integer())
        statement = (
            sa.update(self.table)
            .values({self.table.c[name]: said[f"v_{name}"] for name in self.staging.names})
            .where(self.key == sa.bindparam("k", type_=self.key.type), *self._guards(said))
        )
        rows = {row["k"]: row for row in self.staging.rows()}

        def is_updated(value: Any, **forced: int) -> bool:
            return self.connection.execute(statement, {**rows[value], **forced}).rowcount == 1

        updated = {value for value in rows if is_updated(value)}
        same = self._unchanged(self._judge([value for value in self.writes if value not in updated]))
        self._acknowledge(updated | {value for value in same if is_updated(value, known=0)})

    def _acknowledge(self, values: Iterable[Any]) -> None:
        for value in values:
            lead_id = self.writes[value].lead_id
            self.answers[lead_id] = Answer("acknowledged", remote_id=lead_id)

    def _judge(self, values: Sequence[Any], *, is_locked: bool = False) -> list[Any]:
        """Say why these were not written; returns those of which nothing said here forbids it."""
        held = {
            found: rest for found, *rest in self._held(values, ("handoff_sequence", *self.staging.guarded), is_locked)
        }
        free = []
        for value in values:
            if value not in held:
                self.answers[self.writes[value].lead_id] = Answer("gone", "unknown_record")
            elif reason := self._refusal(self.writes[value], held[value]):
                self.answers[self.writes[value].lead_id] = reason
            else:
                free.append(value)
        return free

    def _refusal(self, write: Write, held: Sequence[Any]) -> Answer | None:
        sequence, *routes = held
        if sequence is not None and int(sequence) >= write.sequence:
            return Answer("newer", "newer_write_present", remote_id=write.lead_id)
        for name, value in zip(self.staging.guarded, routes, strict=True):
            text = held_text(value, self.table.c[name].type, "text")
            if text not in (write.payload.get(name), (write.expected or {}).get(name)):
                return Answer("conflict", name, remote_id=write.lead_id)
        return None

    def _unchanged(self, values: Sequence[Any]) -> list[Any]:
        """Answer for records of which someone changed another field; returns those that only write it otherwise."""
        watched, same = self.staging.watched, []
        for value, *rest in self._held([each for each in values if each in self.staging.known], watched, False):
            write = self.writes[value]
            expected = write.expected or {}
            held = {
                name: held_text(told, self.table.c[name].type, FIELDS[name])
                for name, told in zip(watched, rest, strict=True)
            }
            found = {
                name: text
                for name, text in held.items()
                if name in write.payload and text not in (write.payload[name], expected.get(name))
            }
            if found:
                self.answers[write.lead_id] = Answer("changed", remote_id=write.lead_id, found=found)
            else:
                same.append(value)
        return same

    def _held(self, values: Sequence[Any], names: Sequence[str], is_locked: bool) -> Iterable[Any]:
        columns = [self.table.c[name] for name in names]
        for start in range(0, len(values), _CHUNK):
            query = sa.select(self.key, *columns).where(self.key.in_(values[start : start + _CHUNK]))
            for found, *rest in self.connection.execute(query.with_for_update() if is_locked else query).all():
                yield self._own(found), *rest

    def _own(self, found: Any) -> Any:
        """The key as we know it: columns of fixed width pad theirs."""
        return found if found in self.writes or not isinstance(found, str) else found.rstrip()

    def _as_it_is(self, staged: sa.Table, values: Collection[Any]) -> None:
        """These are written whatever their other fields hold."""
        asked = list(values)
        for start in range(0, len(asked), _CHUNK):
            chosen = staged.c.k.in_(asked[start : start + _CHUNK])
            self.connection.execute(sa.update(staged).where(chosen).values(known=0))

    def _joined(self, staged: sa.Table) -> sa.Update:
        values = {self.table.c[name]: staged.c[f"v_{name}"] for name in self.staging.names}
        return sa.update(self.table).values(values).where(*self._is_same(staged), *self._guards(staged.c))

    def _is_same(self, staged: sa.Table) -> list[sa.ColumnElement[bool]]:
        is_same: list[sa.ColumnElement[bool]] = [self.key == staged.c.k]
        if self.dialect in ("mysql", "mariadb") and isinstance(self.key.type, sa.String):
            # Its texts are equal without regard to case and trailing spaces; ids are not.
            is_same.append(sa.cast(self.key, sa.LargeBinary) == sa.cast(staged.c.k, sa.LargeBinary))
        return is_same

    def _guards(self, said: Mapping[str, Any] | Any) -> list[sa.ColumnElement[bool]]:
        sequence = self.table.c.handoff_sequence
        routes = [self._holds(name, said) for name in self.staging.guarded]
        is_newer = sa.or_(sequence.is_(None), sequence < said["v_handoff_sequence"])
        rest = [self._is_as_expected(said)] if self.staging.known else []
        return [is_newer, *routes, *rest]

    def _is_as_expected(self, said: Mapping[str, Any] | Any) -> sa.ColumnElement[bool]:
        """Whether no field but the route's was changed by someone else; where nothing is known, nothing was."""
        is_blank = self.table.c.handoff_sequence.is_(None)
        return sa.or_(
            said["known"] == 0, is_blank, sa.and_(*(self._holds(name, said) for name in self.staging.watched))
        )

    def _holds(self, name: str, said: Mapping[str, Any] | Any) -> sa.ColumnElement[bool]:
        """Whether the field holds what is written or what is expected there."""
        mine = [said[f"v_{name}"]] + ([said[f"e_{name}"]] if name in self.staging.expected else [])
        return sa.or_(*(_told(self.table.c[name]).is_not_distinct_from(_told(value)) for value in mine))


def _told(value: Any) -> Any:
    """A text as a guard compares it: an empty one is none."""
    is_text = isinstance(value.type, sa.String) and not isinstance(value.type, sa.Enum)
    return sa.func.nullif(value, "") if is_text else value
