"""What is to be sent: wanted state against the last queued, numbered and hashed before anything leaves.

Which records go nowhere (a destination in shadow, teams not live yet, records no longer wanted) is booked here too.
Sending is `outbox.py`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from orchestration.lake.canonical_text import text_of
from orchestration.lake.outbox_file import OutboxFile, now, payload_text
from orchestration.lake.outbox_types import KEPT, LEAVING, OPEN, Wanted, value_hash

_QUEUE = f"""
insert into outbox (destination, lead_id, lead_key, source, sequence, payload, payload_sha256, changed, status,
    queued_at)
values (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?)
on conflict (destination, lead_id) do update set
    {KEPT},
    lead_key = excluded.lead_key, source = excluded.source, sequence = excluded.sequence, payload = excluded.payload,
    payload_sha256 = excluded.payload_sha256, changed = excluded.changed, attempt = 0, error_code = null,
    queued_at = case when status in ('queued', 'failed', 'sending', 'unverified') then queued_at
        else excluded.queued_at end,
    status = 'queued'
"""
_IS_ABOVE = "select is_above_crm from sequences where destination = ?"
_NOT_ABOVE = "update sequences set is_above_crm = 0 where destination = ?"
_TOO_LOW = f"""
select lead_id from outbox where destination = ? and sequence <= ?
    and (({OPEN} and sent_sequence is null) or status in ('shadow', 'withdrawn')
        or (status = 'rejected' and error_code = 'newer_write_present'))
order by sequence
"""
_ABOVE = f"""
update outbox set {KEPT}, sequence = ?, status = case when status = 'rejected' then 'queued' else status end
where destination = ? and lead_id = ?
"""
_KNOWN = "select lead_id, payload_sha256, changed from outbox where destination = ?"
_AGREED = """
update outbox set changed = null, status = case when status = 'conflicting' then 'verified' else status end
where destination = ? and lead_id = ?
"""
_WRITTEN = f"""
select lead_id from outbox where destination = ? and verified_sequence is not null and is_wanted <> {LEAVING}
"""
_ROUTED = """
select * from outbox where destination = :destination and lead_id in (select value from json_each(:leads))
    and status not in ('gone', 'archived', 'merged')
    and exists (
        select 1 from json_each(coalesce(verified_payload, payload)) as each
        where each.value is not null and each.key in (select value from json_each(:fields))
    )
order by lead_id
"""
_SHADOW_LOG = f"""
insert into attempts (destination, source, lead_id, lead_key, sequence, payload_sha256, status, attempt, attempted_at)
select destination, source, lead_id, lead_key, sequence, payload_sha256, 'shadow', 1, :now
from outbox where destination = :destination and {OPEN} and sent_sequence is null and is_wanted <> 0
"""


# A record that is wanted, with its payload as canonical text, the one text of that, and its hash.
_Said = tuple[Wanted, dict[str, str | None], str, str]


class QueueSide(OutboxFile):
    """The outbox as whoever knows what records should say sees it."""

    def queue(self, destination: str, wanted: Iterable[Wanted], *, floor: int | Callable[[], int] | None = 0) -> int:
        """Queue what differs from the last queued payload of its record; returns how many records that is.

        A record that is unchanged keeps its state: verified stays verified, a failed one is tried again by `pending`.
        A team or member that staff set stands in the payload. Sequences go on above `floor`, the highest number the
        destination was seen to hold (asked for only if there is something new; None: it is not asked yet, see
        `number_above`), and above all given before.
        """
        rows = [_said(record) for record in wanted]
        # The destination is asked outside the transaction; what others read or queue meanwhile counts, so look again.
        number = floor or 0 if not callable(floor) else floor() if self._news(destination, rows)[0] else 0
        with self._transaction():
            fresh, settled = self._news(destination, rows)
            if fresh:
                first, moment = self._take_numbers(destination, len(fresh), floor=number), now().isoformat()
                numbered = enumerate(sorted(fresh, key=lambda row: str(row[0])), start=first)
                self._connection.executemany(
                    _QUEUE, [(destination, *row[:3], sequence, *row[3:], moment) for sequence, row in numbered]
                )
                if floor is None:
                    self._connection.execute(_NOT_ABOVE, (destination,))
            self._connection.executemany(_AGREED, settled)
        return len(fresh)

    def _news(
        self, destination: str, rows: Sequence[_Said]
    ) -> tuple[list[tuple[str | None, ...]], list[tuple[str, str]]]:
        """Rows to queue, and those in which nothing of staff stands apart any more."""
        held = {row["lead_id"]: row for row in self._connection.execute(_KNOWN, (destination,))}
        fresh: list[tuple[str | None, ...]] = []
        settled: list[tuple[str, str]] = []
        for record, payload, text, digest in rows:
            before, changed = held.get(record.lead_id), None
            if before is not None and before["changed"] is not None:
                payload = dict(payload)
                changed = _still_standing(before, payload)
                text = payload_text(payload)
                digest = str(value_hash(text))
            if before is None or before["payload_sha256"] != digest:
                fresh.append((record.lead_id, record.lead_key, record.source, text, digest, changed))
            elif before["changed"] is not None and changed is None:
                settled.append((destination, record.lead_id))
        return fresh, settled

    def number_above(self, destination: str, floor: Callable[[], int]) -> None:
        """What was numbered while the destination was not asked gets numbers above the highest it holds."""
        row = self._connection.execute(_IS_ABOVE, (destination,)).fetchone()
        if row is None or row["is_above_crm"]:
            return
        highest = floor()
        with self._transaction():
            rows = self._connection.execute(_TOO_LOW, (destination, highest)).fetchall()
            first = self._take_numbers(destination, len(rows), floor=highest)
            self._connection.executemany(
                _ABOVE,
                [(first + place, destination, row["lead_id"]) for place, row in enumerate(rows)],
            )
            self._connection.execute("update sequences set is_above_crm = 1 where destination = ?", (destination,))

    def no_longer_wanted(
        self, destination: str, lead_ids: Collection[str], fields: Collection[str]
    ) -> tuple[int, list[Wanted]]:
        """How many records were written, and which of them that are not `lead_ids` any more hold any of these fields.

        None whose last write was queued before.
        """
        asked = set(lead_ids)
        written = [row["lead_id"] for row in self._connection.execute(_WRITTEN, (destination,))]
        others = json.dumps([lead_id for lead_id in written if lead_id not in asked])
        said = {"destination": destination, "leads": others, "fields": json.dumps(sorted(fields))}
        rows = self._connection.execute(_ROUTED, said).fetchall()
        return len(written), [
            Wanted(row["lead_id"], row["lead_key"], row["source"], json.loads(row["payload"])) for row in rows
        ]

    def keep_only(self, destination: str, lead_ids: Collection[str], *, leaving: Collection[str] = ()) -> int:
        """Records no longer wanted are not sent, and those wanted again are; returns how many are withdrawn now.

        `leaving`: of these the write just queued is the last, and goes.
        """
        asked, last = set(lead_ids), set(leaving)
        rows = self._connection.execute(
            "select lead_id, is_wanted from outbox where destination = ?", (destination,)
        ).fetchall()
        moved = []
        for row in rows:
            leaves = row["lead_id"] in last or row["is_wanted"] == LEAVING
            is_wanted = 1 if row["lead_id"] in asked else LEAVING if leaves else 0
            if is_wanted != row["is_wanted"]:
                moved.append((is_wanted, destination, row["lead_id"]))
        with self._transaction():
            self._connection.executemany("update outbox set is_wanted = ? where destination = ? and lead_id = ?", moved)
            self._connection.execute(
                "update outbox set status = 'withdrawn' where destination = ? and is_wanted = 0 "
                f"and {OPEN} and sent_sequence is null",
                (destination,),
            )
            self._connection.execute(
                "update outbox set status = 'queued', attempt = 0, queued_at = ? "
                "where destination = ? and is_wanted <> 0 and status = 'withdrawn'",
                (now().isoformat(), destination),
            )
        return sum(is_wanted != 1 for is_wanted, *_ in moved)

    def shadow(self, destination: str, *, field: str = "", live: Collection[str] | None = None) -> int:
        """Book as shadow what is not to be sent; returns how many records that is now.

        `live` None: nothing is sent. Else records go whose `field` is one of them, or was when they were last written:
        those that leave a live team are told so. So do written records that have none any more: whoever withdrew
        consent is taken out of any queue.
        """
        names = json.dumps(sorted(live or ()))
        path = f"$.{field}"
        is_live = (
            "(coalesce(json_extract(payload, :path), '') in (select value from json_each(:names)) or "
            "coalesce(json_extract(verified_payload, :path), '') in (select value from json_each(:names)) or "
            f"(json_extract(payload, :path) is null and verified_sequence is not null) or is_wanted = {LEAVING})"
        )
        said = {"path": path, "names": names, "destination": destination, "now": now().isoformat()}
        out = "" if live is None else f"and not {is_live}"
        with self._transaction():
            if live is not None:
                self._connection.execute(
                    f"update outbox set status = 'queued', attempt = 0, queued_at = :now "
                    f"where destination = :destination and status = 'shadow' and {is_live}",
                    said,
                )
            self._connection.execute(f"{_SHADOW_LOG} {out}", said)
            changed = self._connection.execute(
                f"update outbox set status = 'shadow', settled_at = :now where destination = :destination "
                f"and {OPEN} and sent_sequence is null and is_wanted <> 0 {out}",
                said,
            )
        return int(changed.rowcount)

    def unshadow(self, destination: str) -> None:
        """The destination is live: what was booked as shadow is to be sent."""
        self._connection.execute(
            "update outbox set status = 'queued', attempt = 0, queued_at = ? "
            "where destination = ? and status = 'shadow'",
            (now().isoformat(), destination),
        )


def _said(record: Wanted) -> _Said:
    payload = {name: text_of(value) for name, value in record.payload.items()}
    text = payload_text(payload)
    return record, payload, text, str(value_hash(text))


def _still_standing(before: sqlite3.Row, payload: dict[str, str | None]) -> str | None:
    """What staff set goes into the payload; it no longer stands apart where we want the same by now.

    What is only left as it was (`left`) gives way to the next write of the record.
    """
    changed: dict[str, Any] = json.loads(before["changed"])
    standing = {}
    for field, said in changed.items():
        if said["how"] == "stands" and payload.get(field) != said["theirs"]:
            standing[field] = said
            payload[field] = said["theirs"]
    left = {field: said for field, said in changed.items() if said["how"] == "left"}
    if left and value_hash(payload_text(payload)) == before["payload_sha256"]:
        standing |= left
    return json.dumps(standing) if standing else None
