"""What a record read from the CRM says of a write: arrived, did not, was changed by someone else, cannot be written.

Pure: a write and what is held in, a receipt and findings out. When reading is due is `delivery.py` and `reconcile.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, cast

from orchestration.destinations.base import STAFFS_OWN, Answer, Held, is_shown
from orchestration.lake.outbox_types import Finding, Receipt, Resolution, Status, Write, value_hash

UNKNOWN_RECORD = "unknown_record"
NEWER = "newer_write_present"
DIFFERS = "read_back_differs"
NOT_APPLIED = "not_applied"
CHANGED = "changed_by_staff"
# What becomes of a field of ours that someone changed, where it is not the team or the member.
Conflicts = Literal["restore", "leave"]
# Ours may say something of a person, too.
_PRIVATE = ("handoff_reasons", "handoff_versions")
# A read-back that differs this often differs because the field cannot hold the value.
_DIFFERING_ATTEMPTS = 3


@dataclass(frozen=True)
class Verdict:
    """A receipt (None: this was no attempt, the write is to be queued again) and what others changed.

    `learned`: what an earlier home of ours left in the fields that are compared, or that nothing is in them where the
    record was made anew; from now on it is expected there.
    """

    receipt: Receipt | None
    findings: tuple[Finding, ...] = ()
    learned: Mapping[str, str | None] | None = None


def judge_answer(write: Write, answer: Answer | None, *, at: datetime, schema_version: str) -> Receipt | None:
    """The receipt of an answer that settles the record; None where only reading does."""
    if answer is None or answer.outcome in ("acknowledged", "newer", "conflict", "changed"):
        return None
    status: Status = cast(Status, answer.outcome)
    code = answer.error_code or (UNKNOWN_RECORD if status == "gone" else None)
    return Receipt(write, status, at, None, None, answer.remote_id, code, schema_version)


def judge_read(
    write: Write, held: Held | None, *, acknowledged_at: datetime | None, now: datetime, schema_version: str
) -> Verdict:
    """What reading the record after (or long after) a write tells."""
    at = write.attempted_at or now
    receipt = _seen(Receipt(write, "failed", at, acknowledged_at), held)
    if held is not None and _is_anothers(write, held):
        return Verdict(replace(receipt, error_code=NEWER, is_renumbered=True), (), _compared(held.fields))
    if (settled := not_to_be_written(receipt, held, schema_version)) or held is None:
        # It may have arrived before its record was merged or archived: should that be live again, it is known.
        has_arrived = held is not None and held.sequence == write.sequence
        return Verdict(settled and replace(settled, has_arrived=has_arrived))
    if held.sequence != write.sequence:
        return _not_arrived(write, held, receipt, now)
    others = [
        name
        for name in changed_fields(write.payload, held)
        if name not in STAFFS_OWN or _is_cut(write.payload.get(name), held.fields[name])
    ]
    stands = _stand(write.lead_id, changed_fields(write.payload, held), held, write.payload, now, but=others)
    if others:
        is_hopeless = write.attempt + 1 >= _DIFFERING_ATTEMPTS
        status: Status = "rejected" if is_hopeless else "failed"
        code = f"{DIFFERS} {' '.join(others)}"
        told = replace(receipt, status=status, error_code=code, has_arrived=True, is_renumbered=not is_hopeless)
        return Verdict(replace(told, schema_version=schema_version if is_hopeless else None), stands)
    proved = replace(receipt, verified_at=now, has_arrived=True)
    if stands:
        return Verdict(replace(proved, status="conflicting", error_code=CHANGED), stands)
    return Verdict(replace(proved, status="verified"))


def judge_before(write: Write, held: Held | None, *, now: datetime, schema_version: str) -> Verdict | None:
    """What reading the record before a write tells; None: write it. For CRMs that do not guard themselves."""
    receipt = _seen(Receipt(write, "failed", now), held)
    if (settled := not_to_be_written(receipt, held, schema_version)) or held is None:
        return Verdict(settled)
    if held.sequence == write.sequence:
        # An earlier reading lagged behind it: it arrived, and what differs was changed since.
        sent = replace(write, attempted_at=now)
        return judge_read(sent, held, acknowledged_at=None, now=now, schema_version=schema_version)
    stands = _stand(write.lead_id, _changed_by_staff(write, held), held, _expected(write, held), now)
    return Verdict(replace(receipt, status="conflicting", error_code=CHANGED), stands) if stands else None


def changed_by_others(write: Write, held: Held) -> dict[str, str | None]:
    """Fields that hold neither what is known of them nor what is written, the team and the member aside.

    Nothing where nothing of ours is there: a record made anew was changed by nobody.
    """
    known = write.expected or {}
    if held.sequence is None:
        return {}
    return {
        name: held.fields[name]
        for name in changed_fields(known, held)
        if name not in STAFFS_OWN and name in write.payload and held.fields[name] != write.payload[name]
    }


def meeting(
    write: Write, found: Mapping[str, str | None], conflicts: Conflicts, now: datetime, *, is_own: bool = False
) -> tuple[Write, tuple[Finding, ...]]:
    """The write that expects what someone else left in fields of ours, and what is told of it.

    With `leave` it leaves what they left, until we have another value for that field. The CRM's own doing (`is_own`, or
    our value cut short) is neither left nor told.
    """
    known = write.expected or {}
    theirs = {name: value for name, value in found.items() if not is_own and not _is_cut(known.get(name), value)}
    left = {
        name: value
        for name, value in theirs.items()
        if conflicts == "leave" and write.payload.get(name) == known.get(name)
    }
    told = tuple(
        finding_of(write.lead_id, name, known.get(name), value, "left" if name in left else "restored", now)
        for name, value in theirs.items()
    )
    return replace(write, payload={**write.payload, **left}, expected={**known, **found}), told


def told_of_others(found: Mapping[Resolution, int]) -> Iterator[str]:
    """What became of fields that others changed, by how many there are."""
    for resolution, count in found.items():
        done = "written over" if resolution == "restored" else "left as they are"
        yield f"{count} fields that someone else changed there were {done}"


def with_left(verdict: Verdict, left: Sequence[Finding]) -> Verdict:
    """Of a write that arrived and left fields as someone else made them: their values stand."""
    receipt = verdict.receipt
    if not left or receipt is None or receipt.verified_at is None:
        return verdict
    standing = replace(receipt, status="conflicting", error_code=CHANGED)
    return replace(verdict, receipt=standing, findings=(*verdict.findings, *left))


def changed_fields(payload: Mapping[str, str | None], held: Held) -> list[str]:
    """Fields the CRM has that hold something else than this payload."""
    return [name for name, value in payload.items() if name in held.fields and held.fields[name] != value]


def findings_of(
    lead_id: str, ours: Mapping[str, str | None], held: Held, resolution: Resolution, now: datetime
) -> Iterator[Finding]:
    """A finding for each of these fields."""
    for name, value in ours.items():
        yield finding_of(lead_id, name, value, held.fields[name], resolution, now)


def finding_of(
    lead_id: str, name: str, ours: str | None, theirs: str | None, resolution: Resolution, now: datetime
) -> Finding:
    """What someone else left in a field; a value that may be free text is told by its hash alone."""
    shown = (ours, theirs) if name not in _PRIVATE and is_shown(name, theirs) else (None, None)
    return Finding(lead_id, name, *shown, value_hash(theirs), resolution, now)


def not_to_be_written(receipt: Receipt, held: Held | None, schema_version: str) -> Receipt | None:
    """The receipt of a record no write may go to: it is not there, not live, or holds a newer write. None: it may."""
    if held is None:
        return replace(receipt, status="gone", error_code=UNKNOWN_RECORD)
    if held.state != "live":
        return replace(receipt, status=held.state)
    if held.sequence is not None and held.sequence > receipt.write.sequence:
        return replace(receipt, status="rejected", error_code=NEWER, schema_version=schema_version)
    return None


def _seen(receipt: Receipt, held: Held | None) -> Receipt:
    """The receipt with what reading told beside: whose record it is, and what of the payload it has no field for."""
    if held is None:
        return receipt
    absent = sorted(receipt.write.payload.keys() - held.fields.keys())
    return replace(receipt, remote_id=held.remote_id, absent_fields=",".join(absent) or None)


def _not_arrived(write: Write, held: Held, receipt: Receipt, now: datetime) -> Verdict:
    """It holds an older write or none: sent again, unless staff changed what is theirs to change."""
    changed = _changed_by_staff(write, held)
    learned = _compared(held.fields) if (write.expected is None) != (held.sequence is None) else None
    if changed:
        stands = _stand(write.lead_id, changed, held, _expected(write, held), now)
        return Verdict(replace(receipt, status="conflicting", error_code=CHANGED), stands, learned)
    if write.attempted_at is None:
        return Verdict(None, (), learned)
    return Verdict(replace(receipt, error_code=NOT_APPLIED), (), learned)


def _is_anothers(write: Write, held: Held) -> bool:
    """Of a record that was proved elsewhere, whether it holds a write of another home, under whatever number."""
    is_moved = write.expected is None and write.attempted_at is None and held.state == "live"
    if not is_moved or held.sequence is None or held.sequence < write.sequence:
        return False
    is_other = any(name not in STAFFS_OWN for name in changed_fields(write.payload, held))
    return held.sequence > write.sequence or is_other


def _expected(write: Write, held: Held) -> Mapping[str, str | None]:
    """What the record should hold before this write; nothing where it was made anew, or emptied, since we wrote."""
    return {} if held.sequence is None else write.expected or {}


def _changed_by_staff(write: Write, held: Held) -> list[str]:
    """Of a record never written, what staff filled in; where an earlier home wrote, nobody can tell: nothing."""
    if write.expected is None and held.sequence is not None:
        return []
    expected = _expected(write, held)
    fields = _compared(held.fields)
    return [name for name, theirs in fields.items() if theirs not in (expected.get(name), write.payload.get(name))]


def _compared(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: fields[name] for name in STAFFS_OWN if name in fields}


def _stand(
    lead_id: str,
    changed: Iterable[str],
    held: Held,
    ours: Mapping[str, str | None],
    now: datetime,
    *,
    but: Iterable[str] = (),
) -> tuple[Finding, ...]:
    mine = {name: ours.get(name) for name in changed if name in STAFFS_OWN and name not in set(but)}
    return tuple(findings_of(lead_id, mine, held, "stands", now))


def _is_cut(ours: str | None, theirs: str | None) -> bool:
    """The field holds our own value cut short or in other letters: its doing, not that of staff."""
    mine, held = (ours or "").strip().lower(), (theirs or "").strip().lower()
    return bool(held) and mine.startswith(held)
