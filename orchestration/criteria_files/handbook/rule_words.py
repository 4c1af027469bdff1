"""What a rule says, in words: fit, behaviour, eligibility and readiness rules, and when a version makes an MQL.

Each kind of rule has the cells its table shows and one sentence made of the same cells, which the comparison of two
versions quotes. What the words mean exactly is the criteria language; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from orchestration.criteria_files.companions import Catalogue
from orchestration.criteria_files.handbook import words
from orchestration.criteria_files.shapes import BehaviourRule, EligibilityRule, FitRule, Mql, Part, ReadinessItem, Sql

BASES = ("staff_confirmed", "self_scheduled", "criteria")
_WORK_EVENTS = {
    "screening": "A screening",
    "contact_attempt": "An attempt to reach the lead",
    "contact_made": "A contact with the lead",
}
_WAITS = {"hold": "the lead waits", "fail": "counts as failing", "pass": "passes"}
# The catalogue's signal of a lead that called.
_CALLED = "phone_call"
_BOOKERS = {"lead": "the lead", "staff": "staff"}


def fit_sentence(rule: FitRule) -> str:
    """A fit rule in one sentence."""
    return words.sentence(f"{words.counted(rule.points, 'point')} if {words.holds(rule)}")


def behaviour_cells(rule: BehaviourRule, catalogue: Catalogue) -> tuple[str, str, str, str, str]:
    """What counts, for how many points, how often, how far back, and how it fades."""
    if rule.at_most is None:
        often = "every time"
    else:
        often = "the latest one" if rule.at_most == 1 else f"the latest {rule.at_most}"
    within, half_life = rule.within_days, rule.half_life_days
    return (
        words.touch(catalogue, rule.signal, rule.where, rule.channels),
        words.counted(rule.points, "point"),
        often,
        "however long ago" if within is None else f"in the last {words.counted(within, 'day')}",
        "does not fade" if half_life is None else f"halves every {words.counted(half_life, 'day')}",
    )


def behaviour_sentence(rule: BehaviourRule, catalogue: Catalogue) -> str:
    """A behaviour rule in one sentence."""
    what, points, often, since, fades = behaviour_cells(rule, catalogue)
    return words.sentence(f"{what}: {points}; counts {often}, {since}; {fades}")


def eligibility_cells(rule: EligibilityRule) -> tuple[str, str]:
    """What must hold, and what happens while it is unknown."""
    waits = _WAITS[rule.unknown or "hold"]
    is_numeric = rule.at_least is not None or rule.at_most is not None
    return f"{words.condition(rule)}{words.clinical_reason(rule)}", f"{waits}{' (no number too)' if is_numeric else ''}"


def eligibility_sentence(rule: EligibilityRule) -> str:
    """An eligibility rule in one sentence."""
    must, unknown = eligibility_cells(rule)
    return words.sentence(f"{must}; while it is not known: {unknown}")


def part_words(part: Part, catalogue: Catalogue, roles: Sequence[str] | None) -> str:
    """One part of a readiness item; `roles` are those whose work events count, or None for any."""
    if part.work_event is not None:
        outcome = f" with the outcome {words.values(part.outcome)}" if part.outcome else ""
        ways = [words.spaced(each) for each in part.contact_channel or []]
        channel = f", by {words.listed(ways)}" if ways else ""
        by_whom = f" (by staff in the role of {words.values(roles)})" if roles else " (by any member of staff)"
        return f"{_WORK_EVENTS[part.work_event]}{outcome}{channel}{by_whom}"
    if part.appointment_booked_by is not None:
        who = [_BOOKERS[each] for each in dict.fromkeys(part.appointment_booked_by)]
        return f"An appointment booked by {words.listed(who)}"
    if part.signal is not None:
        return words.touch(catalogue, part.signal, part.where, part.channels)
    said = words.holds(part.test())
    return said[:1].upper() + said[1:]


def readiness_words(item: ReadinessItem, catalogue: Catalogue, roles: Sequence[str] | None) -> str:
    """A way of being ready in one sentence."""
    parts = [part_words(part, catalogue, roles) for part in item.parts]
    if len(parts) == 1:
        return words.sentence(parts[0])
    return words.sentence("All of: " + "; ".join(f"({number}) {part}" for number, part in enumerate(parts, 1)))


def readiness_ends(item: ReadinessItem) -> str:
    """What ends a way of being ready before the lead is SQL."""
    ends = []
    if any(part.work_event for part in item.parts):
        ends.append("a later screening says not_qualified")
    if any(part.appointment_booked_by for part in item.parts):
        ends.append("the appointment is cancelled")
    return words.listed(ends) if ends else "never"


def bases(item: ReadinessItem) -> tuple[str, ...]:
    """Bases by which an SQL by this item can be marked, staff first: what takes part in it decides."""
    reached = {len(BASES) - 1}
    for part in item.parts:
        reached = {min(rank, own) for rank in reached for own in _ranks(part)}
    return tuple(BASES[rank] for rank in sorted(reached))


def _ranks(part: Part) -> list[int]:
    if part.work_event is not None:
        return [0]
    if part.appointment_booked_by is not None:
        return [{"staff": 0, "lead": 1}[each] for each in part.appointment_booked_by]
    return [len(BASES) - 1]


def needs_a_call(item: ReadinessItem) -> bool:
    """Whether this way of being ready can only come about by a call: staff's, or the lead's own."""
    return any(set(part.contact_channel or []) == {"call"} or part.signal == _CALLED for part in item.parts)


def requirement(mql: Mql) -> str:
    """When a lead is MQL, in one sentence."""
    if mql.require == "total_points":
        return (
            "A lead becomes MQL at the first moment when its fit points (who they are) and its behaviour points (what "
            f"they did) together reach {_reached(mql.threshold)}."
        )
    halves = []
    if mql.fit is not None:
        halves.append(f"at least {_reached(mql.fit.threshold)} of fit (who they are)")
    if mql.behaviour is not None:
        halves.append(f"at least {_reached(mql.behaviour.threshold)} of behaviour (what they did)")
    both = mql.require == "fit_and_behaviour"
    joined = words.listed(halves, "and" if both else "or")
    pair = ("both " if both else "either ") if len(halves) == 2 else ""
    return f"A lead becomes MQL at the first moment when it has {pair}{joined}."


def _reached(threshold: Decimal | None) -> str:
    return words.counted(threshold or 0, "point")


def enough_alone(mql: Mql) -> dict[str, list[str]]:
    """half → ids of its rules that reach its threshold alone, with one thing that has just happened."""
    if mql.require == "total_points":
        return {}
    found = {}
    for half, rules in (("fit", mql.fit), ("behaviour", mql.behaviour)):
        if rules is not None and rules.threshold:
            found[half] = [rule.id for rule in rules.rules if rule.points >= rules.threshold]
    return {half: ids for half, ids in found.items() if ids}


def confirming(stage: Sql | None) -> str:
    """Whose screenings and contacts count, for a table."""
    if stage is None:
        return "nobody: the criteria name no SQL"
    return words.values(stage.verified_by) if stage.verified_by else "any member of staff"


def who_may_confirm(roles: Sequence[str] | None) -> str:
    """Whose work events count, in one sentence."""
    if roles is None:
        return "Screenings and contacts by any member of staff count."
    return f"Only screenings and contacts by staff in the role of {words.values(roles)} count."
