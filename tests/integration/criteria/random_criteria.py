"""Random criteria that say all the language can say, with thresholds that sums of points often hit exactly.

`chance` may be Hypothesis's: what it draws then shrinks towards the first choice of every list.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.oracles.criteria import END, Criteria

ORIGIN = datetime(2025, 1, 1)
AS_OF = ORIGIN + timedelta(days=200)
LINES = [f"line_{number}" for number in range(14)]
SIGNALS = ["guide", "page", "call", "event", "mail"]
# What a rule's `where` may name of a touch, and what touches say there.
PLACES: dict[str, list[str | None]] = {
    "topic": [None, "knee", "hip"],
    "offer_id": [None, "o1", "o2"],
    "form_id": [None, "f1"],
    "campaign_id": [None, "c1", "c2"],
    "landing_page": [None, "/a", "/b"],
}
CHANNELS = [None, "web", "mail"]
STAFF = [
    {"staff_id": "s1", "role": "scheduler", "valid_from": ORIGIN, "valid_to": END},
    {"staff_id": "s2", "role": "assistant", "valid_from": ORIGIN, "valid_to": END},
    {"staff_id": "s3", "role": "coordinator", "valid_from": ORIGIN + timedelta(days=60), "valid_to": AS_OF},
]
_ZONES = [UTC, timezone(timedelta(hours=-6)), timezone(timedelta(hours=5, minutes=30))]
Row = dict[str, Any]


def make_criteria(chance: random.Random, *, has_default: bool = True, lines: int = 11) -> Criteria:
    """A file for most lines, some with several versions, and maybe a default that begins later than some of them."""
    files = {}
    for line in [*LINES[:lines], *(["default"] if has_default else [])]:
        starts = sorted(chance.sample(range(-40, 160, 5), chance.choice([1, 1, 2, 3])))
        if line == "default":
            starts = [20, 90]
        files[line] = [_version(chance, number + 1, day) for number, day in enumerate(starts)]
    return Criteria(files, STAFF)


def as_file(line: str, versions: list[Row]) -> Row:
    """Criteria of a line as a criteria file would hold them, each version's moment in some zone."""
    found = []
    for version in versions:
        begins = version["effective_from"].replace(tzinfo=UTC).astimezone(_ZONES[version["version"] % len(_ZONES)])
        found.append({**version, "effective_from": begins.isoformat()})
    return {"service_line": line, "versions": found}


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
    behaviour = [_behaviour_rule(chance, f"did_{i}") for i in range(chance.randint(1, 4))]
    wanted = _threshold(chance, behaviour)
    # No more than half of what the rules can give, or a test of attributes that exclude each other may be out of reach.
    fit_threshold = chance.choice([0, min(rule["points"] for rule in fit)])
    require = chance.choice(["fit_and_behaviour", "fit_and_behaviour", "fit_or_behaviour", "total_points"])
    if require == "total_points":
        return {"require": require, "threshold": wanted, "fit": {"rules": fit}, "behaviour": {"rules": behaviour}}
    if require == "fit_or_behaviour":
        fit_threshold = fit_threshold or 0.5
    halves: Row = {
        "fit": {"threshold": fit_threshold, "rules": fit},
        "behaviour": {"threshold": wanted, "rules": behaviour},
    }
    if chance.random() < 0.15:
        del halves[chance.choice(["fit", "behaviour"])]
    return {"require": require, **halves}


def _behaviour_rule(chance: random.Random, name: str) -> Row:
    rule: Row = {"id": name, "signal": chance.choice(SIGNALS), "points": chance.choice([15, 10, 7, 3.3])}
    if chance.random() < 0.4:
        place = chance.choice([*PLACES, "topic", "topic", "service_line"])
        rule["where"] = {place: ["line_1", "line_2"] if place == "service_line" else [PLACES[place][1]]}
    if chance.random() < 0.2:
        rule["channels"] = ["web"]
    for key, values, share in (
        ("at_most", [1, 2, 2, 3, 6], 0.7),
        ("within_days", [10, 30, 2.5], 0.5),
        ("half_life_days", [10, 30, 0.5, 4], 0.6),
    ):
        if chance.random() < share:
            rule[key] = chance.choice(values)
    return rule


def _threshold(chance: random.Random, rules: list[Row]) -> float:
    """A share of what the rules give at most, or a sum some touches give to the last micro-point."""
    if chance.random() < 0.5:
        reach = sum(rule["points"] * min(rule.get("at_most", 3), 6) for rule in rules)
        return round(reach * chance.choice([0.3, 0.5, 0.8, 0.95, 0.99]), 2)
    exact = 0.0
    for rule in rules:
        # Of touches that decay some count a half or a quarter: so many half-lives lie on the grid.
        for _ in range(chance.randint(0, min(rule.get("at_most", 3), 3))):
            exact += rule["points"] * 0.5 ** (chance.choice([0, 1, 2]) if "half_life_days" in rule else 0)
    return round(exact, 6) or rules[0]["points"]


def _sql(chance: random.Random) -> Row:
    eligibility = []
    for i in range(chance.randint(0, 2)):
        rule = {"id": f"may_{i}", **_test(chance)}
        if chance.random() < 0.5:
            rule["unknown"] = chance.choice(["hold", "fail", "pass"])
        eligibility.append(rule)
    form = {"id": "form", **_test(chance)}
    if chance.random() < 0.1:
        form["unknown"] = "pass"
    items: list[Row] = [
        {"id": "screened", "work_event": "screening", "outcome": ["qualified"]},
        {"id": "called", "work_event": "contact_made", "contact_channel": ["call"]},
        {"id": "self_booked", "appointment_booked_by": ["lead"]},
        {"id": "booked", "appointment_booked_by": ["lead", "staff"]},
        {"id": "asked", "signal": "call", "where": {"topic": ["hip"]}},
        {"id": "wrote", "signal": "mail", "channels": ["mail"]},
        form,
        {"id": "both", "all": [{"signal": "mail"}, {"attribute": "form", "in": ["complete"]}]},
        {"id": "sure", "all": [{"work_event": "screening", "outcome": ["qualified"]}, {"signal": "event"}]},
        {"id": "thrice", "all": [{"appointment_booked_by": ["lead"]}, {"signal": "page"}, {"signal": "call"}]},
    ]
    found: Row = {"eligibility": eligibility, "ready_when_any": chance.sample(items, chance.randint(1, 3))}
    if chance.random() < 0.6:
        found["verified_by"] = ["scheduler", "coordinator"]
    return found
