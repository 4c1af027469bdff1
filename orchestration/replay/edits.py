"""What tells two versions apart, edit by edit, so that each can be tried alone and left out: which one caused what.

An edit is one rule, the way MQL is decided, or who may confirm: the things people change one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestration.replay.tried import Row, VersionRows

_REQUIREMENT = (
    *("requirement", "has_fit", "has_behaviour"),
    *("total_threshold_micro_points", "fit_threshold_micro_points", "behaviour_threshold_micro_points"),
)
_CONFIRMING = ("verified_by", "has_sql_stage")
_DAY_MICROSECONDS = 86_400_000_000
_WORDS = {
    "requirement": "require",
    "total_threshold_micro_points": "threshold",
    "fit_threshold_micro_points": "fit threshold",
    "behaviour_threshold_micro_points": "behaviour threshold",
    "has_fit": "asks for fit",
    "has_behaviour": "asks for behaviour",
    "has_sql_stage": "names SQL",
    "micro_points": "points",
    "touch_limit": "at_most",
    "within_microseconds": "within_days",
    "half_life_microseconds": "half_life_days",
    "value_in": "in",
    "value_not_in": "not_in",
    "value_at_least": "at_least",
    "value_at_most": "at_most",
    "when_unknown": "unknown",
}
_SILENT = frozenset({"criteria_version", "points", "part_no", "part_count"})


@dataclass(frozen=True)
class Edit:
    """One difference. `section` is mql or sql (rule_id is empty), fit, behaviour, eligibility or readiness."""

    section: str
    rule_id: str
    what: str

    @property
    def stage(self) -> str:
        """The stage it can move: `mql` or `sql`."""
        return "mql" if self.section in ("mql", "fit", "behaviour") else "sql"

    def take(self, base: VersionRows, other: VersionRows) -> VersionRows:
        """`base` with this one thing as `other` has it."""
        if self.rule_id:
            rules = [rule for rule in base.rules if not self._is_mine(rule)]
            rules += [rule | {"criteria_version": base.name} for rule in other.rules if self._is_mine(rule)]
            return VersionRows(base.version, tuple(rules))
        columns = _REQUIREMENT if self.section == "mql" else _CONFIRMING
        return VersionRows(base.version | {name: other.version[name] for name in columns}, base.rules)

    def _is_mine(self, rule: Row) -> bool:
        return (rule["section"], rule["rule_id"]) == (self.section, self.rule_id)


def edits_between(before: VersionRows, after: VersionRows) -> list[Edit]:
    """Every edit that leads from one version to the other; none where they decide alike."""
    found = []
    for section, columns in (("mql", _REQUIREMENT), ("sql", _CONFIRMING)):
        if what := _differences(before.version, after.version, columns):
            found.append(Edit(section, "", what))
    old, new = _by_rule(before), _by_rule(after)
    for key in dict.fromkeys([*new, *old]):
        if what := _change(old.get(key), new.get(key)):
            found.append(Edit(*key, what))
    return found


def _by_rule(version: VersionRows) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for rule in version.rules:
        found.setdefault((rule["section"], rule["rule_id"]), []).append(rule)
    return found


def _change(old: list[Row] | None, new: list[Row] | None) -> str:
    if old is None or new is None:
        return "added" if old is None else "removed"
    if len(old) != len(new):
        return f"parts {len(old)} → {len(new)}"
    columns = tuple(name for name in old[0] if name not in _SILENT)
    # The order of an item's parts means nothing.
    ordered = [
        sorted(rules, key=lambda rule: [repr(_comparable(rule[name])) for name in columns]) for rules in (old, new)
    ]
    parts = [_differences(a, b, columns) for a, b in zip(*ordered, strict=True)]
    return "; ".join(part for part in parts if part)


def _differences(old: Row, new: Row, columns: tuple[str, ...]) -> str:
    changed = [name for name in columns if _comparable(old[name]) != _comparable(new[name])]
    return "; ".join(f"{_word(name)} {_shown(name, old[name])} → {_shown(name, new[name])}" for name in changed)


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def _word(column: str) -> str:
    return _WORDS.get(column, column.removeprefix("where_"))


def _shown(column: str, value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return ", ".join(value)
    if column.endswith("micro_points"):
        value = value / 1_000_000
    elif column.endswith("_microseconds"):
        value = value / _DAY_MICROSECONDS
    return f"{value:g}" if isinstance(value, float) else str(value)
