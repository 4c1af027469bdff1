"""Random criteria and random records, full of ties, late rows, corrections and empty values.

Times fall on a coarse grid so that everything happens at the same moment as something else. Rows have the shape of the
versioned int_ tables; nothing here decides anything.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.oracles.criteria import END, Criteria, Record

ORIGIN = datetime(2025, 1, 1)
AS_OF = ORIGIN + timedelta(days=200)
LINES = [f"line_{number}" for number in range(14)]
SIGNALS = ["guide", "page", "call", "event", "mail"]
TOPICS = [None, "knee", "hip"]
CHANNELS = [None, "web", "mail"]
VALUES: dict[str, list[str | None]] = {
    "state": ["TX", "CA", " TX ", None],
    "payer": ["private", "unknown", "", None],
    "score": ["10", "7.5", "-3", "a lot", "1e2", None],
    "form": ["complete", "started", None],
}
STAFF = [
    {"staff_id": "s1", "role": "scheduler", "valid_from": ORIGIN, "valid_to": END},
    {"staff_id": "s2", "role": "assistant", "valid_from": ORIGIN, "valid_to": END},
    {"staff_id": "s3", "role": "coordinator", "valid_from": ORIGIN + timedelta(days=60), "valid_to": AS_OF},
]
Row = dict[str, Any]


def make_criteria(chance: random.Random) -> Criteria:
    """A file for most lines, some with several versions, and a default that begins later than some of them."""
    files = {}
    for line in [*LINES[:11], "default"]:
        starts = sorted(chance.sample(range(-40, 160, 5), chance.choice([1, 1, 2, 3])))
        if line == "default":
            starts = [20, 90]
        files[line] = [_version(chance, number + 1, day) for number, day in enumerate(starts)]
    return Criteria(files, STAFF)


def _version(chance: random.Random, number: int, day: int) -> Row:
    version: Row = {
        "version": number,
        "effective_from": ORIGIN + timedelta(days=day),
        "mql": _mql(chance),
    }
    if chance.random() < 0.9:
        version["sql"] = _sql(chance)
    return version


def _test(chance: random.Random) -> Row:
    return dict(
        chance.choice(
            [
                {"attribute": "state", "in": ["TX"]},
                {"attribute": "state", "not_in": ["CA"]},
                {"attribute": "payer", "equals": "private"},
                {"attribute": "payer", "is_known": True},
                {"attribute": "score", "at_least": 7.5},
                {"attribute": "score", "at_most": 8, "at_least": -5},
                {"attribute": "form", "in": ["complete"]},
            ]
        )
    )


def _mql(chance: random.Random) -> Row:
    fit = [
        {"id": f"fit_{i}", "points": chance.choice([10, 5, 2.5]), **_test(chance)} for i in range(chance.randint(1, 3))
    ]
    for rule in fit:
        if chance.random() < 0.2:
            rule["unknown"] = "pass"
    behaviour = []
    for i in range(chance.randint(1, 4)):
        rule: Row = {"id": f"did_{i}", "signal": chance.choice(SIGNALS), "points": chance.choice([15, 10, 7, 3.3])}
        if chance.random() < 0.3:
            rule["where"] = {"topic": ["knee"]}
        if chance.random() < 0.2:
            rule["channels"] = ["web"]
        for key, values, share in (
            ("at_most", [1, 2, 2, 3], 0.7),
            ("within_days", [10, 30, 2.5], 0.5),
            ("half_life_days", [10, 30, 0.5, 4], 0.6),
        ):
            if chance.random() < share:
                rule[key] = chance.choice(values)
        behaviour.append(rule)
    reach = sum(rule["points"] * min(rule.get("at_most", 3), 3) for rule in behaviour)
    # No more than half of what the rules can give, or a test of attributes that exclude each other may be out of reach.
    fit_threshold = chance.choice([0, min(rule["points"] for rule in fit)])
    wanted = round(reach * chance.choice([0.3, 0.5, 0.8, 0.95]), 2)
    require = chance.choice(["fit_and_behaviour", "fit_and_behaviour", "fit_or_behaviour", "total_points"])
    if require == "total_points":
        return {"require": require, "threshold": wanted, "fit": {"rules": fit}, "behaviour": {"rules": behaviour}}
    half = {"threshold": fit_threshold or 0.5, "rules": fit} if require == "fit_or_behaviour" else None
    return {
        "require": require,
        "fit": half or {"threshold": fit_threshold, "rules": fit},
        "behaviour": {"threshold": wanted, "rules": behaviour},
    }


def _sql(chance: random.Random) -> Row:
    eligibility = []
    for i in range(chance.randint(0, 2)):
        rule = {"id": f"may_{i}", **_test(chance)}
        if chance.random() < 0.5:
            rule["unknown"] = chance.choice(["hold", "fail", "pass"])
        eligibility.append(rule)
    items: list[Row] = [
        {"id": "screened", "work_event": "screening", "outcome": ["qualified"]},
        {"id": "called", "work_event": "contact_made", "contact_channel": ["call"]},
        {"id": "self_booked", "appointment_booked_by": ["lead"]},
        {"id": "booked", "appointment_booked_by": ["lead", "staff"]},
        {"id": "asked", "signal": "call", "where": {"topic": ["hip"]}},
        {"id": "form", **_test(chance)},
        {"id": "both", "all": [{"signal": "mail"}, {"attribute": "form", "in": ["complete"]}]},
        {"id": "sure", "all": [{"work_event": "screening", "outcome": ["qualified"]}, {"signal": "event"}]},
    ]
    found: Row = {"eligibility": eligibility, "ready_when_any": chance.sample(items, chance.randint(1, 3))}
    if chance.random() < 0.6:
        found["verified_by"] = ["scheduler", "coordinator"]
    return found


def make_record(chance: random.Random, key: str, touch_count: int) -> Record:
    """A record with its rows. Many touches make the caps bite."""
    step = chance.choice([timedelta(days=1), timedelta(hours=12), timedelta(minutes=37)])
    begin = ORIGIN + timedelta(days=chance.randint(-10, 120))

    def moment(spread: int = 60) -> datetime:
        return begin + step * chance.randint(-20, spread)

    record = Record(key, begin)
    line = chance.choice([*LINES, None])
    record.lines = _spans(chance, [(begin - step * chance.choice([0, 0, 3]), {"service_line": line})])
    if chance.random() < 0.3:
        known = begin + step * chance.randint(1, 50)
        record.lines = _spans(chance, [(record.lines[0]["valid_from"], {"service_line": line}),
                                       (known, {"service_line": chance.choice([*LINES, None])})])  # fmt: skip
    for name, values in VALUES.items():
        times = sorted({moment() for _ in range(chance.randint(0, 3))})
        rows = _spans(chance, [(at, {"name": name, "value": chance.choice(values)}) for at in times])
        record.attributes += [row for row in rows if row["valid_from"] <= AS_OF]
    for number in range(touch_count):
        record.touches += _touch(
            chance, f"t{chance.randint(0, 10**6)}-{number}", moment(200 if touch_count > 20 else 60), step, line
        )
    for number in range(chance.choice([0, 1, 2, 4])):
        record.work_events += _event(chance, f"w{number}", moment(), step)
    for number in range(chance.choice([0, 0, 1, 2])):
        record.appointments += _appointment(chance, f"a{number}", moment(), step)
    for rows in (record.lines, record.touches, record.work_events, record.appointments):
        rows[:] = [row for row in rows if row["valid_from"] < row["valid_to"] and row["valid_from"] <= AS_OF]
    return record


def _spans(chance: random.Random, changes: list[tuple[datetime, Row]]) -> list[Row]:
    ends = [*[at for at, _ in changes[1:]], END][: len(changes)]
    return [{**row, "valid_from": at, "valid_to": end} for (at, row), end in zip(changes, ends, strict=True)]


def _versions(chance: random.Random, rows: list[Row], known: datetime, step: timedelta) -> list[Row]:
    """The rows as versions of one fact, the first known then; the last may be deleted later."""
    times = [known]
    for _ in rows[1:]:
        times.append(times[-1] + step * chance.randint(1, 15))
    ends = [*times[1:], times[-1] + step * chance.randint(1, 20) if chance.random() < 0.07 else END]
    return [
        {**row, "known_at": at, "valid_from": max(row["occurred_at"], at), "valid_to": min(end, END)}
        for row, at, end in zip(rows, times, ends, strict=True)
    ]


def _touch(chance: random.Random, key: str, at: datetime, step: timedelta, line: str | None) -> list[Row]:
    row = {
        "source": chance.choice(["a", "b"]),
        "touch_id": key,
        "signal": chance.choice(SIGNALS),
        "service_line": chance.choice([None, line, line, "line_1"]),
        "topic": chance.choice(TOPICS),
        "offer_id": None,
        "form_id": None,
        "channel": chance.choice(CHANNELS),
        "campaign_id": None,
        "landing_page": None,
        "occurred_at": at,
    }
    rows = [row] if chance.random() < 0.9 else [row, {**row, "topic": chance.choice(TOPICS)}]
    return _versions(chance, rows, at + step * chance.choice([0, 0, 0, 0, 1, 7, -2]), step)


def _event(chance: random.Random, key: str, at: datetime, step: timedelta) -> list[Row]:
    row = {
        "source": "a",
        "event_id": key,
        "occurred_at": at,
        "kind": chance.choice(["screening", "screening", "screening", "contact_made"]),
        "contact_channel": chance.choice(["call", "sms", None]),
        "outcome": chance.choice(["qualified", "not_qualified", "qualified", "no_answer", None]),
        "staff_id": chance.choice(["s1", "s2", "s3", None]),
    }
    rows = [row] if chance.random() < 0.8 else [row, {**row, "outcome": chance.choice(["qualified", "not_qualified"])}]
    return _versions(chance, rows, at + step * chance.choice([0, 0, 0, 2]), step)


def _appointment(chance: random.Random, key: str, at: datetime, step: timedelta) -> list[Row]:
    row = {"source": "a", "appointment_id": key, "occurred_at": at, "booked_by": chance.choice(["lead", "staff", None]),
           "status": "booked"}  # fmt: skip
    rows = [row, *[{**row, "status": s} for s in chance.sample(["cancelled", "held", "booked"], chance.randint(0, 2))]]
    return _versions(chance, rows, at + step * chance.choice([0, 0, 1]), step)


def as_file(line: str, versions: list[Row]) -> Row:
    """Criteria of a line as a criteria file would hold them."""
    return {
        "service_line": line,
        "versions": [
            {**version, "effective_from": version["effective_from"].replace(tzinfo=UTC).isoformat()}
            for version in versions
        ],
    }
