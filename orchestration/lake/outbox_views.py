"""What the outbox tells of a destination: records by state, what waits and since when, dead letters and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from orchestration.lake.outbox_file import OutboxFile
from orchestration.lake.outbox_types import DEAD_LETTERS, LEAVING, OPEN, DeadLetter

_MARKS = ", ".join("?" * len(DEAD_LETTERS))
# Records that are wanted, and of those that are not any more: whose last write was not taken.
_COUNTED = f"(is_wanted = 1 or (is_wanted = {LEAVING} and ({OPEN} or status = 'rejected')))"
# One state for each wanted record, whatever happened to it.
_STATES = f"""
select case
        when status in ('gone', 'archived', 'merged', 'shadow', 'rejected', 'conflicting') then status
        when status = 'verified' then case when settled_at >= ? then 'written' else 'unchanged' end
        when sent_sequence is not null or status in ('sending', 'unverified') then 'unverified'
        else 'waiting'
    end as state, count(*) as records
from outbox where destination = ? and {_COUNTED} group by 1
"""


class ViewSide(OutboxFile):
    """The outbox as whoever reports on it sees it."""

    def is_idle(self, destination: str) -> bool:
        """Whether there is nothing to send, to read or to look at again: no call is needed."""
        query = f"select 1 from outbox where destination = ? and ({OPEN} or status = 'rejected') limit 1"
        return self._connection.execute(query, (destination,)).fetchone() is None

    def counts(self, destination: str) -> dict[str, int]:
        """Records by state."""
        query = "select status, count(*) from outbox where destination = ? group by status"
        return {str(status): int(count) for status, count in self._connection.execute(query, (destination,))}

    def oldest_unsent(self, destination: str) -> datetime | None:
        """Since when the record that waits longest does; None: nothing waits."""
        query = f"select min(queued_at) from outbox where destination = ? and is_wanted <> 0 and {OPEN}"
        found = self._connection.execute(query, (destination,)).fetchone()[0]
        return datetime.fromisoformat(found) if found else None

    def dead_letters(self, destination: str) -> Iterator[DeadLetter]:
        """Records that were not written, by reason and lead id."""
        query = (
            f"select * from outbox where destination = ? and {_COUNTED} and status in ({_MARKS}) "
            "order by status, error_code, lead_id"
        )
        for row in self._connection.execute(query, (destination, *DEAD_LETTERS)):
            since = _moment(row["settled_at"])
            yield DeadLetter(row["lead_id"], row["lead_key"], row["status"], row["error_code"], since)

    def waiting(self, destination: str, *, limit: int) -> list[DeadLetter]:
        """Records that wait though they were tried, and why, as far as known."""
        query = (
            f"select * from outbox where destination = ? and is_wanted = 1 and {OPEN} and error_code is not null "
            "order by error_code, lead_id limit ?"
        )
        return [
            DeadLetter(row["lead_id"], row["lead_key"], "waiting", row["error_code"], _moment(row["queued_at"]))
            for row in self._connection.execute(query, (destination, limit))
        ]

    def states(self, destination: str, *, since: datetime) -> dict[str, int]:
        """Wanted records by state, each in exactly one; `written` are those verified from `since` on."""
        return {
            row["state"]: row["records"] for row in self._connection.execute(_STATES, (since.isoformat(), destination))
        }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
