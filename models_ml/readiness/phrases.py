"""What one reason says of a lead: its own facts in plain words, true of that lead and of nobody else.

Words for names and codes are handed in (`Words`); without them a name is said as it is spelt. A code the model does not
know as a common one is not said (it could point to somebody), nor are campaigns and pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from models_ml.readiness.columns import ATTRIBUTE, SIGNAL_COUNT, SIGNAL_DAYS, SIGNAL_POINTS, origin_of

SIGNAL = "signal"
# How many sessions and how much was done in each are one theme: where none is known, neither says anything else.
SESSIONS, _SESSION_COLUMNS = "sessions", ("session_count", "touches_per_session")
_NO_SESSION = "no session known"
_UNSAID = {"campaign_id": "campaign", "landing_page": "first page"}
_CODES = {"source": "source", "service_line": "service line", "location_id": "location", "channel": "channel",
          "platform": "platform"}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """How things are called.

    Attributes
    ----------
    signals: what a person did, as a past tense by name of the signal ("Asked for an appointment").
    rules: the signal a rule of behaviour gives points for, by id of the rule.
    names: attributes and rules by name ("payer type").
    codes: codes of a column or attribute by its name ({"channel": {"paid_search": "search advertisements"}}).
    """

    signals: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of_signal(self, name: str) -> str:
        """What the person did."""
        return lowered(self.signals[name]) if name in self.signals else f"gave signal {spaced(name)}"

    def of_name(self, name: str) -> str:
        """A name in words."""
        return self.names.get(name) or spaced(name)

    def of_code(self, name: str, code: str) -> str:
        """A code in words."""
        known = self.codes.get(name, {})
        return known[code] if code in known else spaced(code)


def theme_of(column: str, words: Words) -> str:
    """What a column speaks of: how often and how lately a signal came, and its points, are one theme."""
    kind, bare = origin_of(column)
    if kind in (SIGNAL_COUNT, SIGNAL_DAYS):
        return f"{SIGNAL} {bare}"
    if column in _SESSION_COLUMNS:
        return SESSIONS
    return f"{SIGNAL} {words.rules[bare]}" if kind == SIGNAL_POINTS and bare in words.rules else column


def phrase(theme: str, facts: Mapping[str, Any], levels: Collection[str], words: Words) -> str:
    """What the lead's own facts say of a theme.

    `facts` are the lead's raw columns of that theme (NaN or None: missing), `levels` the codes the model knows.
    """
    if theme.startswith(f"{SIGNAL} "):
        bare = theme.partition(" ")[2]
        done = words.of_signal(bare)
        count, days = f"{SIGNAL_COUNT} {bare}", f"{SIGNAL_DAYS} {bare}"
        if count in facts or days in facts:
            return _signal(done, facts.get(count), facts.get(days))
        points = sum(value for value in facts.values() if not _is_missing(value))
        return f"{_plain(points) if points else 'no'} points: {done}"
    if theme == SESSIONS:
        return _sessions(*(facts.get(column) for column in _SESSION_COLUMNS))
    kind, bare = origin_of(theme)
    value = None if _is_missing(facts[theme]) else facts[theme]
    if kind == SIGNAL_POINTS:
        return f"{_plain(value) if value else 'no'} points for {words.of_name(bare)}"
    if kind == ATTRIBUTE:
        return _attribute(bare, value, levels, words)
    if theme in _UNSAID:
        return f"no {_UNSAID[theme]} known" if value is None else f"the {_UNSAID[theme]} it came by"
    if theme in _CODES:
        return _coded(_CODES[theme], theme, value, levels, words)
    said = _NUMBERS.get(theme)
    return said(value) if said else f"{spaced(theme)} {'not known' if value is None else _plain(value)}"


def spaced(name: str) -> str:
    """A name as it is said."""
    return name.replace("_", " ")


def _signal(done: str, count: Any, days: Any) -> str:
    if not _is_missing(count):
        if not count:
            return f"not yet {done}"
        times = "once" if count == 1 else f"{_plain(count)} times"
        ago = "" if _is_missing(days) else f", {'' if count == 1 else 'last '}{_days(days)} before"
        return f"{done} {times}{ago}"
    return f"not yet {done}" if _is_missing(days) else f"{done}, last {_days(days)} before"


def _attribute(name: str, value: Any, levels: Collection[str], words: Words) -> str:
    if isinstance(value, float):
        return f"{words.of_name(name)} {_plain(value)}"
    if value is None:
        return f"{words.of_name(name)} not told"
    return _coded(words.of_name(name), name, value, levels, words)


def _coded(said: str, name: str, value: Any, levels: Collection[str], words: Words) -> str:
    if value is None:
        return f"{said} not known"
    # A value nobody else has could tell who somebody is.
    return f"{said} {words.of_code(name, str(value))}" if str(value) in levels else f"an uncommon {said}"


def _is_missing(value: Any) -> bool:
    return value is None or value != value


def _days(value: float) -> str:
    """Whole days that have passed."""
    whole = int(value)
    return "less than a day" if whole < 1 else "1 day" if whole == 1 else f"{whole} days"


def _plain(value: float) -> str:
    return f"{round(float(value), 1):g}"


def _count(one: str, many: str, more: str) -> Any:
    def said(value: float | None) -> str:
        return (f"no {one}" if not value else f"1 {one}" if value == 1 else f"{_plain(value)} {many}") + more

    return said


def _since(said_of: str, missing: str) -> Any:
    return lambda value: missing if value is None else said_of.format(_days(value))


def _points(half: str) -> Any:
    def said(value: float | None) -> str:
        return f"{half} points not known" if value is None else f"{_plain(value) if value else 'no'} {half} points"

    return said


def _sessions(count: Any, touches: Any) -> str:
    # Only sources that tell of sessions have any: that none is known does not say that there was none.
    visits = "" if _is_missing(count) or not count else f"{_plain(count)} visit{'s' * (count != 1)} to the website"
    each = "" if _is_missing(touches) else f"{_plain(touches)} touch{'es' * (_plain(touches) != '1')} a visit"
    return ", ".join(said for said in (visits, each) if said) or _NO_SESSION


_NUMBERS = {
    "fit_points": _points("fit"),
    "behaviour_points": _points("behaviour"),
    "touch_count": _count("touch", "touches", " so far"),
    "touches_last_week_count": _count("touch", "touches", " in the week before"),
    "touches_as_lead_count": _count("touch", "touches", " since it is a lead"),
    "earlier_record_count": _count("earlier record", "earlier records", " of the person"),
    "days_from_first_touch": _since("first touch {} before", "no touch so far"),
    "days_from_last_touch": _since("last touch {} before", "no touch so far"),
    "days_as_lead": _since("a lead for {}", "not known since when a lead"),
    "days_from_earlier_record": _since("first known {} before", "no earlier record"),
}  # fmt: skip


def lowered(text: str) -> str:
    """A text with a small first letter, unless the first word is an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
