"""Random records, full of ties, late rows, corrections, deletions and empty values.

Times fall on a coarse grid so that everything happens at the same moment as something else. Rows have the shape of the
versioned int_ tables; nothing here decides anything.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.integration.criteria.random_criteria import AS_OF, CHANNELS, LINES, ORIGIN, PLACES, SIGNALS, Row
from tests.oracles.criteria import END, Record

VALUES: dict[str, list[str | None]] = {
    "state": ["TX", "CA", " TX ", None],
    "payer": ["private", "unknown", "", None],
    "score": ["10", "7.5", "-3", "a lot", "1e2", None],
    "form": ["complete", "started", None],
}
_STEPS = [timedelta(days=1), timedelta(hours=12), timedelta(minutes=37)]


def make_records(chance: random.Random, *, few: int, dozens: int, hundreds: int) -> list[Record]:
    """So many records with a handful of touches, with dozens and with hundreds: caps with decay go wrong only there."""
    counts = [chance.randint(0, 8) for _ in range(few)]
    counts += [chance.randint(30, 120) for _ in range(dozens)] + [chance.randint(200, 600) for _ in range(hundreds)]
    return [make_record(chance, f"r{number:05}", count) for number, count in enumerate(counts)]


def make_record(chance: random.Random, key: str, touch_count: int, lines: list[str | None] | None = None) -> Record:
    """A record with its rows. Many touches make the caps bite."""
    step = chance.choice(_STEPS)
    begin = ORIGIN + timedelta(days=chance.randint(-10, 120))
    lines = lines or [*LINES, None]

    def moment(spread: int = 60) -> datetime:
        return begin + step * chance.randint(-20, spread)

    record = Record(key, begin)
    record.lines = _lines(chance, begin, step, lines)
    line = record.lines[0]["service_line"]
    for name, values in VALUES.items():
        times = sorted({moment() for _ in range(chance.randint(0, 3))})
        record.attributes += _spans([(at, {"name": name, "value": chance.choice(values)}) for at in times])
    for number in range(touch_count):
        spread = 60 if touch_count <= 20 else 200
        record.touches += _touch(chance, f"t{chance.randint(0, 10**6)}-{number}", moment(spread), step, line)
    for number in range(chance.choice([0, 1, 2, 4])):
        record.work_events += _event(chance, f"w{number}", moment(), step)
    for number in range(chance.choice([0, 0, 1, 2])):
        record.appointments += _appointment(chance, f"a{number}", moment(), step)
    for rows in (record.lines, record.attributes, record.touches, record.work_events, record.appointments):
        rows[:] = [row for row in rows if row["valid_from"] < row["valid_to"] and row["valid_from"] <= AS_OF]
    return record


def _lines(chance: random.Random, begin: datetime, step: timedelta, lines: list[str | None]) -> list[Row]:
    """The lead's service line, known from the beginning or before it; some change it, some are told the same again."""
    changes = [(begin - step * chance.choice([0, 0, 3]), {"service_line": chance.choice(lines)})]
    while chance.random() < 0.3:
        again = chance.choice([*lines, changes[0][1]["service_line"]])
        changes.append((max(changes[-1][0], begin) + step * chance.randint(1, 30), {"service_line": again}))
    return _spans(changes)


def _spans(changes: list[tuple[datetime, Row]]) -> list[Row]:
    ends = [*[at for at, _ in changes[1:]], END][: len(changes)]
    return [{**row, "valid_from": at, "valid_to": end} for (at, row), end in zip(changes, ends, strict=True)]


def _versions(chance: random.Random, rows: list[Row], known: datetime, step: timedelta) -> list[Row]:
    """The rows as versions of one fact, the first known then. Any may be deleted before the next one comes."""
    times = [known]
    for _ in rows[1:]:
        times.append(times[-1] + step * chance.randint(1, 15))
    found = []
    for row, at, following in zip(rows, times, [*times[1:], END], strict=True):
        gone = at + step * chance.randint(1, 20) if chance.random() < 0.07 else END
        end = min(following, gone)
        found.append({**row, "known_at": at, "valid_from": max(row["occurred_at"], at), "valid_to": end})
    return found


def _corrected(chance: random.Random, row: Row, changes: dict[str, Callable[[], object]], share: float) -> list[Row]:
    """The row, and maybe once or twice again with something else in one of its cells."""
    rows = [row]
    while chance.random() < share and len(rows) < 3:
        name = chance.choice([*changes])
        rows.append({**rows[-1], name: changes[name]()})
    return rows


def _touch(chance: random.Random, key: str, at: datetime, step: timedelta, line: str | None) -> list[Row]:
    row = {
        "source": chance.choice(["a", "b"]),
        "touch_id": key,
        "signal": chance.choice(SIGNALS),
        "service_line": chance.choice([None, line, line, "line_1"]),
        **{name: chance.choice(values) for name, values in PLACES.items()},
        "channel": chance.choice(CHANNELS),
        "occurred_at": at,
    }
    changes: dict[str, Callable[[], object]] = {
        "topic": lambda: chance.choice(PLACES["topic"]),
        "signal": lambda: chance.choice(SIGNALS),
        "service_line": lambda: chance.choice([None, line, "line_2"]),
        "occurred_at": lambda: at + step * chance.randint(-3, 3),
    }
    known = at + step * chance.choice([0, 0, 0, 0, 1, 7, -2])
    return _versions(chance, _corrected(chance, row, changes, 0.1), known, step)


def _event(chance: random.Random, key: str, at: datetime, step: timedelta) -> list[Row]:
    row = {
        "source": chance.choice(["a", "a", "b"]),
        "event_id": key,
        "occurred_at": at,
        "kind": chance.choice(["screening", "screening", "screening", "contact_made"]),
        "contact_channel": chance.choice(["call", "sms", None]),
        "outcome": chance.choice(["qualified", "not_qualified", "qualified", "no_answer", None]),
        "staff_id": chance.choice(["s1", "s2", "s3", None]),
    }
    changes: dict[str, Callable[[], object]] = {
        "outcome": lambda: chance.choice(["qualified", "not_qualified"]),
        "staff_id": lambda: chance.choice(["s1", "s2", "s3"]),
        "contact_channel": lambda: chance.choice(["call", "sms"]),
        "occurred_at": lambda: at + step * chance.randint(-3, 3),
    }
    return _versions(chance, _corrected(chance, row, changes, 0.2), at + step * chance.choice([0, 0, 0, 2]), step)


def _appointment(chance: random.Random, key: str, at: datetime, step: timedelta) -> list[Row]:
    row = {"source": "a", "appointment_id": key, "occurred_at": at, "booked_by": chance.choice(["lead", "staff", None]),
           "status": "booked"}  # fmt: skip
    # Cancelled and booked again, held after all, or taken over by staff.
    states = ["cancelled", "held", "booked", None]
    rows = [row, *[{**row, "status": s} for s in chance.sample(states, chance.randint(0, 3))]]
    if len(rows) > 1 and chance.random() < 0.2:
        rows[-1]["booked_by"] = chance.choice(["lead", "staff"])
    return _versions(chance, rows, at + step * chance.choice([0, 0, 1]), step)
