"""Worlds in which every record has criteria of its own, whose threshold is what that record reaches, or just misses.

The rules are capped and decay: a newer touch takes an older one's place. The threshold is a sum the record has at a
moment higher than all before it, to the micro-point, or one micro-point more than it ever has; so a bound that is wrong
by the least shows.
"""

from __future__ import annotations

import random
from datetime import timedelta

from tests.integration.criteria.random_criteria import AS_OF, ORIGIN, SIGNALS, Row
from tests.integration.criteria.random_worlds import make_record
from tests.oracles.criteria import Criteria, Judge, Record


def make_close_world(chance: random.Random, count: int) -> tuple[Criteria, list[Record]]:
    """That many records, each with a line of its own."""
    files: dict[str, list[Row]] = {}
    records = []
    for number in range(count):
        line = f"own_{number}"
        # Now and then no more touches than a rule may count, or just one more.
        touches = chance.choice([3, 4, 6, 10, 25, 60, 150])
        record = make_record(chance, f"r{number:05}", touches, [line])
        rules = [_rule(chance, f"did_{i}", kinds=chance.choice([1, 2, 5])) for i in range(chance.choice([1, 1, 2, 3]))]
        behaviour: Row = {"threshold": 0.0, "rules": rules}
        mql = {"require": "fit_and_behaviour", "behaviour": behaviour}
        files[line] = [{"version": 1, "effective_from": ORIGIN - timedelta(days=90), "mql": mql}]
        behaviour["threshold"] = _threshold(chance, Judge(Criteria(files), record, AS_OF), rules)
        records.append(record)
    return Criteria(files), records


def _rule(chance: random.Random, name: str, kinds: int) -> Row:
    rule: Row = {
        "id": name,
        "signal": chance.choice(SIGNALS[:kinds]),
        "points": chance.choice([15, 10, 7, 3.3]),
        "at_most": chance.choice([1, 2, 3, 5, 8]),
        "half_life_days": chance.choice([0.05, 0.5, 2, 4, 10, 30]),
    }
    if chance.random() < 0.3:
        rule["within_days"] = chance.choice([2.5, 10, 30])
    return rule


def _threshold(chance: random.Random, judge: Judge, rules: list[Row]) -> float:
    version = {"mql": {"behaviour": {"rules": rules}}}
    moments = {row["valid_from"] for row in judge.record.touches} | {judge.record.effective_at}
    highs: list[int] = []
    for t in sorted(each for each in moments if judge.record.effective_at <= each <= AS_OF):
        points = sum(row[-1] for row in judge.behaviour(version, t))
        if points > max(highs, default=1_000):
            highs.append(points)
    if not highs:
        return float(rules[0]["points"])
    reach = sum(round(rule["points"] * 1_000_000) * rule["at_most"] for rule in rules)
    if chance.random() < 0.3 and highs[-1] < reach:
        return (highs[-1] + 1) / 1_000_000
    return chance.choice(highs[-3:]) / 1_000_000
