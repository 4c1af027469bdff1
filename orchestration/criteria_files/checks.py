"""What only shows when the rules of a version are seen together: reachability, rules that can never fire, protection.

Each check notes faults (or warnings) on the document it is given; none raises. The shape of single rules is
`shapes.py`; what a home has already decided is `history.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from orchestration.criteria_files.companions import Catalogue, Policy
from orchestration.criteria_files.marks import Document, Loc
from orchestration.criteria_files.shapes import (
    OPERATORS,
    AttributeTest,
    BehaviourRule,
    FitRule,
    Mql,
    Part,
    Version,
    Where,
)
from orchestration.criteria_files.wording import number, unknown_name

# Attributes every lead has from its own row (criteria-language: "plus postal_area, channel, …").
LEAD_ROW_ATTRIBUTES = frozenset({"postal_area", "channel", "platform", "campaign_id", "location_id"})
_NUMERIC = "0123456789"


def check_version(document: Document, loc: Loc, version: Version, catalogue: Catalogue, policy: Policy) -> None:
    """Every check on one version standing at `loc`."""
    _check_ids(document, loc, version)
    _check_requirement(document, (*loc, "mql"), version.mql)
    _warn_of_contradictions(document, loc, version)
    for place, test in attribute_tests(version, loc):
        check_test(document, place, test, catalogue, policy)
    for place, signal, where, channels in _touch_tests(version, loc):
        _check_name(document, (*place, "signal"), "signals", signal, catalogue)
        for i, channel in enumerate(channels or []):
            _check_name(document, (*place, "channels", i), "channels", channel, catalogue)
        for i, offer in enumerate((where.offer_id if where else None) or []):
            _check_name(document, (*place, "where", "offer_id", i), "offers", offer, catalogue)
        # Topics need not be listed (the language names the other four); where they are, a mistyped one counts nothing.
        for i, topic in enumerate((where.topic if where else None) or []):
            if catalogue.names("topics") is not None:
                _check_name(document, (*place, "where", "topic", i), "topics", topic, catalogue)


def check_order(document: Document, loc: Loc, before: Version | None, version: Version) -> None:
    """Refuses a version whose number or beginning is not after the one above it."""
    if before is not None and version.version <= before.version:
        what = f"the version above it is {before.version}, so give this one a greater number"
        document.refuse((*loc, "version"), f"is out of order: {what}")
    if before is not None and version.effective_from <= before.effective_from:
        what = f"version {before.version} above it begins at {before.effective_from.isoformat()}Z, so it must be later"
        document.refuse((*loc, "effective_from"), f"is out of order: {what}")


def check_test(document: Document, loc: Loc, test: AttributeTest, catalogue: Catalogue, policy: Policy) -> None:
    """Checks one attribute test: its name, its protection, and that some value can satisfy it."""
    if test.attribute not in LEAD_ROW_ATTRIBUTES:
        _check_name(document, (*loc, "attribute"), "attributes", test.attribute, catalogue)
    if test.attribute in policy.protected and not test.clinical_reason:
        reason = policy.protected[test.attribute]
        why = f"{test.attribute} is protected by {policy.file_of(test.attribute)}" + (f" ({reason})" if reason else "")
        document.refuse((*loc, "attribute"), f'{why}: add clinical_reason: "…" to the rule, or remove the rule')
    if not any(satisfies(test, value) for value in candidate_values([test])):
        given = [name.removesuffix("_") for name in OPERATORS if getattr(test, name) is not None]
        what = f"{' and '.join(given)} together" if len(given) > 1 else given[0]
        document.refuse(loc, f"can never hold: no value satisfies {what}: widen or remove one of them")


def _warn_of_contradictions(document: Document, loc: Loc, version: Version) -> None:
    """Every eligibility rule must hold: two of one attribute that exclude each other let nobody through."""
    rules = version.sql.eligibility if version.sql else []
    for i, rule in enumerate(rules):
        before = [other for other in rules[:i] if other.attribute == rule.attribute]
        together = [value for value in candidate_values([*before, rule]) if all(satisfies(t, value) for t in before)]
        if together and not any(satisfies(rule, value) for value in together):
            names = ", ".join(other.id for other in before)
            document.warn(
                (*loc, "sql", "eligibility", i), f"lets nobody through together with {names}: nobody gets SQL"
            )


def warn_of_other_lines(document: Document, name: str, versions: Sequence[tuple[Loc, Version]]) -> None:
    """A touch of another service line never counts for a lead of this one, whatever a rule says."""
    for loc, version in versions:
        for place, _, where, _ in _touch_tests(version, loc):
            if where and where.service_line and name not in where.service_line:
                document.warn(
                    (*place, "where", "service_line"), f"counts nothing: only touches of {name} or of none do"
                )


def attribute_tests(version: Version, loc: Loc) -> Iterator[tuple[Loc, AttributeTest]]:
    """Every attribute test of a version with the place it stands at."""
    for i, fit in enumerate(version.mql.fit.rules if version.mql.fit else []):
        yield (*loc, "mql", "fit", "rules", i), fit
    for i, rule in enumerate(version.sql.eligibility if version.sql else []):
        yield (*loc, "sql", "eligibility", i), rule
    for place, part in _parts(version, loc):
        if part.kind == "attribute":
            yield place, part.test()


def _parts(version: Version, loc: Loc) -> Iterator[tuple[Loc, Part]]:
    for i, item in enumerate(version.sql.ready_when_any if version.sql else []):
        for j, part in enumerate(item.parts):
            yield (*loc, "sql", "ready_when_any", i, "parts", j), part


def _touch_tests(version: Version, loc: Loc) -> Iterator[tuple[Loc, str, Where | None, list[str] | None]]:
    for i, rule in enumerate(version.mql.behaviour.rules if version.mql.behaviour else []):
        yield (*loc, "mql", "behaviour", "rules", i), rule.signal, rule.where, rule.channels
    for place, part in _parts(version, loc):
        if part.signal is not None:
            yield place, part.signal, part.where, part.channels


def _check_name(document: Document, loc: Loc, section: str, name: str, catalogue: Catalogue) -> None:
    names = catalogue.names(section)
    if names is None:
        document.warn(loc, f"is not checked: catalogue.yaml lists no {section}")
    elif name not in names:
        document.refuse(loc, unknown_name(name, section, names))


def _check_ids(document: Document, loc: Loc, version: Version) -> None:
    """Ids are unique within the MQL half and within the SQL half, where evidence names rules by them."""
    mql: list[tuple[Loc, str]] = []
    for half in ("fit", "behaviour"):
        rules: Sequence[FitRule | BehaviourRule] = getattr(getattr(version.mql, half), "rules", [])
        mql += [((*loc, "mql", half, "rules", i, "id"), rule.id) for i, rule in enumerate(rules)]
    sql: list[tuple[Loc, str]] = []
    if version.sql:
        sql += [((*loc, "sql", "eligibility", i, "id"), rule.id) for i, rule in enumerate(version.sql.eligibility)]
        sql += [((*loc, "sql", "ready_when_any", i, "id"), r.id) for i, r in enumerate(version.sql.ready_when_any)]
    checklist = [((*loc, "checklist", i, "id"), item.id) for i, item in enumerate(version.checklist)]
    for group in (mql, sql, checklist):
        refuse_twins(document, group)


def refuse_twins(document: Document, ids: Iterable[tuple[Loc, str]]) -> None:
    """Refuses every id that stands a second time."""
    seen: dict[str, int] = {}
    for place, name in ids:
        if name in seen:
            document.refuse(place, f"duplicate rule id {name}, first used on line {seen[name]}: give this one another")
        seen.setdefault(name, document.line_of(place))


def _check_requirement(document: Document, loc: Loc, mql: Mql) -> None:
    if mql.fit is None and mql.behaviour is None:
        document.refuse(loc, "has neither fit nor behaviour, so nothing could qualify a lead: add one of them")
    fit = highest_fit(mql.fit.rules if mql.fit else [])
    behaviour = _highest_behaviour(mql.behaviour.rules if mql.behaviour else [])
    if mql.require == "total_points":
        if mql.threshold is None:
            document.refuse(loc, "needs a threshold with total_points: add it beside require")
        elif behaviour is not None and fit + behaviour < mql.threshold:
            document.refuse((*loc, "threshold"), _out_of_reach("all rules", mql.threshold, fit + behaviour, mql))
        return
    if mql.threshold is not None:
        document.refuse((*loc, "threshold"), "is only read with total_points: move it into fit or behaviour")
    for name, half, most in (("fit", mql.fit, fit), ("behaviour", mql.behaviour, behaviour)):
        if half is not None and half.threshold is None:
            document.refuse((*loc, name), f"needs a threshold with {mql.require}: add it here")
        elif half is not None and half.threshold is not None and most is not None and most < half.threshold:
            document.refuse((*loc, name, "threshold"), _out_of_reach(f"the {name} rules", half.threshold, most, mql))


def _out_of_reach(rules: str, threshold: Decimal, most: Decimal, mql: Mql) -> str:
    if most == 0:
        return f"{threshold:f} can never be reached: none of {rules} can give points: add or mend one"
    fit = [f"{rule.id} {number(rule.points)}" for rule in (mql.fit.rules if mql.fit else [])]
    behaviour = [
        f"{rule.id} {rule.at_most} × {number(rule.points)}" for rule in (mql.behaviour.rules if mql.behaviour else [])
    ]
    given = {"the fit rules": fit, "the behaviour rules": behaviour}.get(rules, [*fit, *behaviour])
    return (
        f"{number(threshold)} can never be reached, for {rules} together give {number(most)} at most "
        f"({', '.join(given)}): ask which number was agreed, and lower it or raise "
        f"points{'' if rules == 'the fit rules' else ' or at_most'}"
    )


def _highest_behaviour(rules: list[BehaviourRule]) -> Decimal | None:
    """Most points the rules can give at one moment; None where one of them has no cap."""
    if any(rule.at_most is None for rule in rules):
        return None
    return sum((rule.points * (rule.at_most or 0) for rule in rules), Decimal(0))


def highest_fit(rules: Sequence[FitRule]) -> Decimal:
    """Most points fit rules can give one lead: an attribute has one value at a time."""
    total = Decimal(0)
    for attribute in {rule.attribute for rule in rules}:
        own = [rule for rule in rules if rule.attribute == attribute]
        total += max(
            sum((rule.points for rule in own if satisfies(rule, value)), Decimal(0)) for value in candidate_values(own)
        )
    return total


def candidate_values(tests: Sequence[AttributeTest]) -> list[str | None]:
    """Values that between them meet every combination of the tests that any value can meet."""
    named = [v for t in tests for v in [*(t.in_ or []), *(t.not_in or []), *([t.equals] if t.equals else [])]]
    bounds = sorted({bound for t in tests for bound in (t.at_least, t.at_most) if bound is not None})
    between = [(low + high) / 2 for low, high in zip(bounds, bounds[1:], strict=False)]
    around = [bounds[0] - 1, bounds[-1] + 1] if bounds else []
    other = "any other value"
    while other in named:
        other += "."
    # A number spelled in one more way, for a number that the lists forbid in the spelling used.
    numbers = [format(number, "f") for number in [*bounds, *between, *around]]
    return [None, other, *named, *numbers, *(spelled + ("0" if "." in spelled else ".000") for spelled in numbers)]


def satisfies(test: AttributeTest, value: str | None) -> bool:
    """Whether that value (None: unknown) satisfies the test."""
    if value is None:
        return test.unknown == "pass"
    if test.in_ is not None and value not in test.in_:
        return False
    if test.not_in is not None and value in test.not_in:
        return False
    if test.equals is not None and value != test.equals:
        return False
    if test.at_least is None and test.at_most is None:
        return True
    number = Decimal(value) if value.strip("+-.")[:1] in _NUMERIC and _is_number(value) else None
    if number is None:
        return test.unknown == "pass"
    above = test.at_least is None or number >= test.at_least
    return above and (test.at_most is None or number <= test.at_most)


def _is_number(value: str) -> bool:
    try:
        Decimal(value)
    except ArithmeticError:
        return False
    return True
