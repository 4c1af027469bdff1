"""Where a destination is and which of our fields it has: where either changes, what was proved there no longer is.

What is to be said there is `outbox_queue.py`.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from orchestration.lake.outbox_file import OutboxFile, now
from orchestration.lake.outbox_types import KEPT, LEAVING, OPEN

# What staff set stands wherever the records are now: the address may be all that moved.
_STANDS = (
    "changed = case when changed is not null then (select json_group_object(entry.key, json(entry.value)) "
    "from json_each(changed) as entry where json_extract(entry.value, '$.how') = 'stands' having count(*) > 0) end"
)
_READ_AGAIN = f"""
update outbox set sent_sequence = sequence, sent_payload = null, sent_at = null, verified_sequence = null,
    verified_payload = null, {_STANDS}, status = 'unverified', attempt = 0, error_code = null, queued_at = :now,
    is_wanted = case when is_wanted = {LEAVING} and status in ('verified', 'conflicting') then 0 else is_wanted end
where destination = :destination and status in ('verified', 'conflicting', 'sending', 'unverified')
"""
_SEND_AGAIN = f"""
update outbox set verified_sequence = null, verified_payload = null, {_STANDS}, status = 'queued', attempt = 0,
    error_code = null, queued_at = :now
where destination = :destination and status in ('queued', 'failed', 'rejected', 'gone', 'archived', 'merged')
"""
_UNKNOWN = f"""
update outbox set verified_sequence = null, verified_payload = null, {_STANDS}
where destination = :destination and status in ('shadow', 'withdrawn')
"""
_FOREIGN = "update sequences set is_above_crm = 0 where destination = :destination"
_AIM = """
insert into aims (destination, place) values (?, ?)
on conflict (destination) do update set place = excluded.place
"""
_FIELDS = "select fields from aims where destination = ?"
_HAS = """
insert into aims (destination, place, fields) values (?, '', ?)
on conflict (destination) do update set fields = excluded.fields
"""
_SAID = "select value from json_each(:new)"
# Of what was read, and of what is on its way: a field that was not there holds nothing of what was meant for it.
_NEVER_SAID = " ".join(
    f"""
{kind}_payload = case when {kind}_sequence is not null or {kind}_payload is not null then (
    select json_group_object(each.key, each.value) from json_each(coalesce({kind}_payload, payload)) as each
    where each.value is null or each.key not in ({_SAID})
) end{"," if kind == "sent" else ""}"""
    for kind in ("sent", "verified")
)
_TO_SAY = f"""
select lead_id from outbox where destination = :destination and is_wanted = 1
    and (status in ('verified', 'conflicting') or sent_sequence is not null)
    and exists (select 1 from json_each(payload) as each where each.value is not null and each.key in ({_SAID}))
order by lead_id
"""
# Of records nobody wants now: should they be wanted again, they are news, though with the same words.
_NEWS_AGAIN = f"""
update outbox set payload_sha256 = '' where destination = :destination and is_wanted <> 1 and sent_sequence is null
    and status in ('verified', 'conflicting')
    and exists (select 1 from json_each(payload) as each where each.value is not null and each.key in ({_SAID}))
"""
_ANEW = f"""
update outbox set {KEPT}, sequence = ?, attempt = 0, queued_at = case when {OPEN} then queued_at else ? end,
    status = case when sent_sequence is null then 'queued' else status end
where destination = ? and lead_id = ?
"""


class PlaceSide(OutboxFile):
    """The outbox as whoever opens a destination sees it."""

    def aim(self, destination: str, place: str) -> None:
        """Say where a destination is now. Elsewhere than before, nothing is known of it: all is to be proved again.

        Writes keep their sequences, and are read before they are written again: where the same records only moved,
        reading them is proof enough. Where others wrote higher numbers, `number_above` goes on above them.
        """
        with self._transaction():
            before = self._connection.execute("select place from aims where destination = ?", (destination,)).fetchone()
            if before is not None and before["place"] not in ("", place):
                said = {"now": now().isoformat(), "destination": destination}
                for statement in (_READ_AGAIN, _SEND_AGAIN, _UNKNOWN, _FOREIGN):
                    self._connection.execute(statement, said)
            self._connection.execute(_AIM, (destination, place))

    def reach(self, destination: str, fields: Collection[str]) -> int:
        """Say which of our fields a destination has now; returns how many records are to be written for new ones.

        What was meant for a field that was not there was never said: records are queued again, and nothing of it is
        expected there.
        """
        has = json.dumps(sorted(fields))
        before = self._connection.execute(_FIELDS, (destination,)).fetchone()
        if before is not None and before["fields"] == has:
            return 0
        with self._transaction():
            self._connection.execute(_HAS, (destination, has))
            new = sorted(set(fields) - set(json.loads(before["fields"]))) if before and before["fields"] else []
            said = {"destination": destination, "new": json.dumps(new)}
            rows = self._connection.execute(_TO_SAY, said).fetchall() if new else []
            if new:
                self._connection.execute(f"update outbox set {_NEVER_SAID} where destination = :destination", said)
                self._connection.execute(_NEWS_AGAIN, said)
            first, moment = self._take_numbers(destination, len(rows)), now().isoformat()
            self._connection.executemany(
                _ANEW, [(first + n, moment, destination, row["lead_id"]) for n, row in enumerate(rows)]
            )
        return len(rows)
