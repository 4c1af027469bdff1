"""Versions of facts in plain Python: what held from when until when, and stretches of versions that say the same.

Rows are dictionaries of the input contract with naive UTC moments, each with known_at; no two rows of a key are known
at the same moment. Knows nothing of the SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tests.oracles.criteria import END

Row = dict[str, Any]


def versions(rows: Iterable[Row], key: str, moment: str | None, as_of: datetime) -> list[Row]:
    """What held of each key from when (valid_from) until when (valid_to), by what was known at as_of."""
    by_key: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["known_at"] <= as_of:
            by_key[row[key]].append(row)
    found = []
    for of_key in by_key.values():
        told: list[Row] = []
        for row in sorted(of_key, key=lambda each: each["known_at"]):
            if not told or _content(row) != _content(told[-1]):
                told.append(row)
        for row, following in zip(told, [*told[1:], None], strict=True):
            begin = max(row["known_at"], row[moment]) if moment else row["known_at"]
            end = following["known_at"] if following else END
            if begin < end and begin <= as_of and not (moment and row.get("is_deleted")):
                found.append({**row, "valid_from": begin, "valid_to": end})
    return found


def _content(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "known_at"}


def runs(rows: Iterable[Row], key: str, same: Sequence[str]) -> list[tuple[Row, Row]]:
    """Versions that follow each other and say the same, as the last of them and the first."""
    found: list[tuple[Row, Row]] = []
    for row in sorted(rows, key=lambda each: (each[key], each["lead_id"], each["known_at"])):
        before = found[-1][0] if found else None
        names = (key, "lead_id", *same)
        if before and before["valid_to"] == row["valid_from"] and all(before[name] == row[name] for name in names):
            found[-1] = (row, found[-1][1])
        else:
            found.append((row, row))
    return found
