"""What one version of the criteria changed against the version before: rule by rule, in the words of both.

A rule is the same if it means the same: the order of a list, `20` for `20.0` and a default written out change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from orchestration.criteria_files.companions import Catalogue
from orchestration.criteria_files.handbook import rule_words, words
from orchestration.criteria_files.shapes import EligibilityRule, Mql, Sql, Version


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was. `before` is None for what was added, `after` for what was removed."""

    section: str
    name: str
    before: str | None
    after: str | None

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class _Said:
    """A thing a version says: what it means, for comparing, and its words, for showing."""

    section: str
    name: str
    meaning: Any
    words: str


def changes(before: Version, after: Version, catalogue: Catalogue) -> tuple[Change, ...]:
    """Everything that differs, in the order of the newer version; what was removed stands last in its section."""
    old = {(said.section, said.name): said for said in _said(before, catalogue)}
    new = {(said.section, said.name): said for said in _said(after, catalogue)}
    found = [
        Change(*key, old[key].words if key in old else None, said.words)
        for key, said in new.items()
        if key not in old or old[key].meaning != said.meaning
    ]
    found += [Change(*key, said.words, None) for key, said in old.items() if key not in new]
    return tuple(sorted(found, key=lambda change: SECTIONS.index(change.section)))


SECTIONS = (
    "How MQL is decided",
    "Fit rules",
    "Behaviour rules",
    "Who may confirm SQL",
    "Eligibility rules",
    "Ways of being ready",
    "First contact",
    "Checklist",
    "Call script",
)


def _said(version: Version, catalogue: Catalogue) -> Iterator[_Said]:
    yield from _said_of_mql(version.mql, catalogue)
    if version.sql is not None:
        yield from _said_of_sql(version.sql, catalogue)
    if version.sla is not None:
        promised = version.sla.first_contact_business_minutes
        yield _Said("First contact", "sla", promised, f"Within {words.business_minutes(promised)}.")
    for item in version.checklist:
        yield _Said("Checklist", item.id, item.text, item.text)
    if version.script:
        yield _Said("Call script", "script", tuple(version.script), " ".join(version.script))


def _said_of_mql(mql: Mql, catalogue: Catalogue) -> Iterator[_Said]:
    halves = ((mql.fit is not None, _threshold(mql.fit)), (mql.behaviour is not None, _threshold(mql.behaviour)))
    decided = (mql.require, mql.threshold) if mql.require == "total_points" else (mql.require, *halves)
    yield _Said("How MQL is decided", "mql", decided, rule_words.requirement(mql))
    for fit in mql.fit.rules if mql.fit else []:
        yield _Said("Fit rules", fit.id, _meaning(fit), rule_words.fit_sentence(fit))
    for rule in mql.behaviour.rules if mql.behaviour else []:
        yield _Said("Behaviour rules", rule.id, _meaning(rule), rule_words.behaviour_sentence(rule, catalogue))


def _threshold(half: Any) -> Any:
    return half.threshold if half is not None else None


def _said_of_sql(sql: Sql, catalogue: Catalogue) -> Iterator[_Said]:
    roles = sql.verified_by
    yield _Said("Who may confirm SQL", "verified_by", sorted(set(roles or [])), rule_words.who_may_confirm(roles))
    for rule in sql.eligibility:
        yield _Said("Eligibility rules", rule.id, _meaning(rule), rule_words.eligibility_sentence(rule))
    for item in sql.ready_when_any:
        parts = sorted((_meaning(part) for part in item.parts), key=repr)
        # Who may confirm is said once, not at every way of being ready.
        yield _Said("Ways of being ready", item.id, parts, rule_words.readiness_words(item, catalogue, roles))


def _meaning(rule: BaseModel) -> dict[str, Any]:
    """What decides in a rule, whatever way it is spelled."""
    given = {name: getattr(rule, name) for name in type(rule).model_fields}
    # Waiting is what an unknown value does anyway; only eligibility can fail by it.
    if given.get("unknown") == "hold" or (given.get("unknown") == "fail" and not isinstance(rule, EligibilityRule)):
        given["unknown"] = None
    return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _meaning(value)
    return sorted(set(value)) if isinstance(value, list) else value
