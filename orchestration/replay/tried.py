"""Which criteria a what-if decides with: those in force before a moment, and from it on the version that is tried out.

Criteria are rows here, as the home holds them and dbt reads them: what has decided is known only in that form, for a
file may have been edited since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from orchestration.criteria_files.history import version_hash
from orchestration.criteria_files.load import Criteria, ServiceLine

Row = dict[str, Any]
HALF_A_YEAR = timedelta(days=180)


@dataclass(frozen=True)
class VersionRows:
    """One version of the criteria: its row and those of its rules."""

    version: Row
    rules: tuple[Row, ...]

    def named(self, name: str, effective_from: datetime) -> VersionRows:
        """The same version under another name and beginning."""
        version = self.version | {"criteria_version": name, "effective_from": effective_from}
        return VersionRows(version, tuple(rule | {"criteria_version": name} for rule in self.rules))

    def in_every_channel(self, rule_id: str) -> VersionRows:
        """The same version with that behaviour rule counting in every channel."""
        rules = (
            rule | {"channels": None} if (rule["section"], rule["rule_id"]) == ("behaviour", rule_id) else rule
            for rule in self.rules
        )
        return VersionRows(self.version, tuple(rules))

    @property
    def name(self) -> str:
        """Its criteria version."""
        return str(self.version["criteria_version"])


def version_rows(versions: pa.Table, rules: pa.Table) -> list[VersionRows]:
    """Every version with its rules, earliest first."""
    by_version: dict[str, list[Row]] = {}
    for rule in rules.to_pylist():
        by_version.setdefault(rule["criteria_version"], []).append(rule)
    found = [
        VersionRows(row, tuple(by_version.get(row["criteria_version"], ())))
        for row in sorted(versions.to_pylist(), key=lambda row: (row["effective_from"], row["criteria_version"]))
    ]
    return found


@dataclass(frozen=True)
class Trial:
    """What is tried. `lines` are all versions of that service line the replay decides with, earliest first.

    `tried` is the version tried out and `before` the one in force it would follow; both are None where the file says
    what has decided already, or changes older versions: it then decides for all of history as it is written. `untried`
    are versions the file changes beside the one tried out.
    """

    line: str
    is_default: bool
    since: datetime
    as_of: datetime
    lines: tuple[VersionRows, ...]
    others: tuple[VersionRows, ...]
    tried: VersionRows | None
    before: VersionRows | None
    is_as_decided: bool
    untried: tuple[str, ...] = ()

    @property
    def latest(self) -> VersionRows | None:
        """The version tried out, or else the last one in force."""
        in_force = [each for each in self.lines if each.version["effective_from"] <= self.as_of]
        return self.tried or (in_force[-1] if in_force else None)

    def tables(
        self, versions: pa.Schema, rules: pa.Schema, *, latest: VersionRows | None = None
    ) -> dict[str, pa.Table]:
        """The criteria to decide with, `latest` (if given) in place of the latest version."""
        chosen = [
            latest if latest is not None and each is self.latest else each for each in (*self.others, *self.lines)
        ]
        return {
            "versions": pa.Table.from_pylist([each.version for each in chosen], schema=versions),
            "rules": pa.Table.from_pylist([rule for each in chosen for rule in each.rules], schema=rules),
        }


def trial_of(
    decided: Sequence[VersionRows], criteria: Criteria, line: ServiceLine, since: datetime | None, as_of: datetime
) -> Trial:
    """What to try: `decided` are the home's versions, `line` the file whose last version is tried from `since` on.

    A last version that is new, was edited, or has not begun by `as_of` is tried; by default from when it begins, or
    from half a year before `as_of` where that is still to come. Otherwise the file decides all of history as it is
    written, and by default is spoken of from the earliest change on.
    """
    own_name = None if line.is_default else line.name
    own = [each for each in decided if each.version["service_line"] == own_name]
    others = tuple(each for each in decided if each.version["service_line"] != own_name)
    written = _written(criteria, line)
    recorded = {each.name: each for each in own}
    hashes = {line.criteria_version(version): version_hash(version) for version in line.versions}
    changed = [name for name in {**hashes, **recorded} if hashes.get(name) != _hash_of(recorded.get(name))]
    last, begins = written[-1].name, written[-1].version["effective_from"]
    recent = begins if begins <= as_of else as_of - HALF_A_YEAR
    if last not in changed and begins <= as_of:
        both = [each.version["effective_from"] for each in (*written, *own) if each.name in changed]
        spoken = since or min(both, default=recent)
        return Trial(line.name, line.is_default, spoken, as_of, tuple(written), others, None, None, not changed)
    chosen = since or recent
    tried = written[-1].named(f"{last} (tried)", chosen)
    # A version moved to another beginning decided nothing before it; one edited otherwise did, until it is tried.
    moved = last in recorded and recorded[last].version["effective_from"] != begins
    kept = [each for each in own if each.version["effective_from"] < chosen and not (moved and each.name == last)]
    in_force = [each for each in own if each.version["effective_from"] <= as_of]
    return Trial(
        line.name,
        line.is_default,
        chosen,
        as_of,
        (*kept, tried),
        others,
        tried,
        in_force[-1] if in_force else None,
        is_as_decided=False,
        untried=tuple(sorted(name for name in changed if name != last)),
    )


def _hash_of(version: VersionRows | None) -> str | None:
    return None if version is None else str(version.version["content_sha256"])


def _written(criteria: Criteria, line: ServiceLine) -> list[VersionRows]:
    names = {line.criteria_version(version) for version in line.versions}
    parts = criteria.tables()
    return [each for each in version_rows(parts["versions"], parts["rules"]) if each.name in names]
