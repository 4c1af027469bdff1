"""Numbers, intervals, moments and names in words, each with its unit. No figures are worked out here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

NO_VALUE = "–"
SPACE = "\u00a0"
# The team of a lead that no team has worked and no route or rule gives to one alone.
NOBODY_YET = "nobody has worked it yet"
_HEARD = 8
# Below this many an interval is wide enough to hold nearly any story.
FEW = 30
TOO_FEW = f"Too few to judge by: fewer than {FEW}."
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def known(value: Any) -> float | None:
    """The number in a cell, or None where the cell is empty."""
    if value is None:
        return None
    number = float(value)
    return None if math.isnan(number) else number


def whole(value: Any) -> int:
    """The count in a cell; an empty one counts nothing."""
    number = known(value)
    return 0 if number is None else round(number)


def count(value: Any) -> str:
    """A count, its thousands apart."""
    return f"{whole(value):,}"


def short_count(value: Any) -> str:
    """A count for a large place: in millions from ten millions on."""
    number = whole(value)
    return f"{number / 1e6:,.1f}{SPACE}million" if number >= 10_000_000 else f"{number:,}"


def several(value: Any, one: str, many: str | None = None) -> str:
    """A count with its noun."""
    number = whole(value)
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def are(value: Any) -> str:
    """The verb that goes with a count."""
    return "is" if whole(value) == 1 else "are"


def percent(rate: Any) -> str:
    """A share (0–1) in percent; never 0 % or 100 % for what is only close to it."""
    number = known(rate)
    if number is None:
        return NO_VALUE
    if 0 < number < 0.0005:
        return f"under 0.1{SPACE}%"
    if 0.9995 < number < 1:
        return f"over 99.9{SPACE}%"
    return f"{number * 100:.1f}{SPACE}%"


def percent_range(low: Any, high: Any) -> str:
    """The limits of a share."""
    lower, upper = known(low), known(high)
    if lower is None or upper is None:
        return NO_VALUE
    return f"{lower * 100:.1f} to {upper * 100:.1f}{SPACE}%"


def of_a_hundred(rate: Any) -> str:
    """A share as so many of a hundred."""
    number = known(rate)
    return NO_VALUE if number is None else f"{number * 100:.0f} of 100"


def money(amount: Any, currency: str) -> str:
    """An amount with its currency; cents only where they say something."""
    number = known(amount)
    if number is None:
        return NO_VALUE
    unit = "(no currency given)" if currency == "(none)" else currency
    return f"{unit}{SPACE}{number:,.0f}" if abs(number) >= 100 else f"{unit}{SPACE}{number:,.2f}"


def money_range(low: Any, high: Any) -> str:
    """The limits of an amount whose currency stands beside it."""
    lower, upper = known(low), known(high)
    if lower is None and upper is None:
        return NO_VALUE
    if upper is None:
        return f"{lower:,.0f} or more"
    return f"{lower or 0:,.0f} to {upper:,.0f}"


def decimal(value: Any, digits: int = 2) -> str:
    """A plain number."""
    number = known(value)
    return NO_VALUE if number is None else f"{number:,.{digits}f}"


def minutes(value: Any) -> str:
    """A span in minutes, or in hours from one hour on."""
    number = known(value)
    if number is None:
        return NO_VALUE
    total = round(abs(number))
    if total < 60:
        return f"{total}{SPACE}min"
    hours, rest = divmod(total, 60)
    return f"{hours:,}{SPACE}h" if hours >= 10 or not rest else f"{hours}{SPACE}h {rest}{SPACE}min"


def days(value: Any) -> str:
    """A span in days, as whole as it is."""
    number = known(value)
    if number is None:
        return NO_VALUE
    said = f"{number:,.0f}" if float(number).is_integer() or number >= 10 else f"{number:.1f}"
    return f"{said}{SPACE}day" if said == "1" else f"{said}{SPACE}days"


def day(value: date | datetime) -> str:
    """A date in words."""
    return f"{value.day}{SPACE}{_MONTHS[value.month - 1]} {value.year}"


def short_day(value: date | datetime) -> str:
    """A date for an axis."""
    return f"{value.day} {_MONTHS[value.month - 1][:3]}"


def moment(value: datetime) -> str:
    """A moment (UTC) in words, to the minute."""
    return f"{day(value)}, {value:%H:%M} UTC"


def month(text: str) -> str:
    """`YYYY-MM` in words."""
    year, number = text.split("-")[:2]
    return f"{_MONTHS[int(number) - 1]} {year}"


def short_month(text: str) -> str:
    """`YYYY-MM` for an axis."""
    year, number = text.split("-")[:2]
    return f"{_MONTHS[int(number) - 1][:3]} {year[2:]}"


def plain(code: str) -> str:
    """A code of the data as a reader would write it."""
    return "not known" if code in ("(none)", "") else code.replace("_", " ")


def gist(said: Iterable[str]) -> str:
    """Many things said one after another, for who hears them: a few in full, of many the first and the last."""
    each = list(said)
    if len(each) <= _HEARD:
        return "; ".join(each)
    return f"{len(each)} values, first {each[0]}, last {each[-1]}; the table below has them all"


def joined(said: list[str]) -> str:
    """Things in a row: a, b and c."""
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}" if said else ""


@dataclass(frozen=True)
class Names:
    """What reference tables call the values of a dimension; without a name the code itself is plain enough."""

    of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def say(self, dimension: str, value: Any) -> str:
        """The name of a value of a dimension."""
        code = "(none)" if value is None or value != value else str(value)
        if dimension == "team_id" and code == "(none)":
            return NOBODY_YET
        name = self.of.get(dimension, {}).get(code)
        return name if isinstance(name, str) and name else plain(code)


def axis_percent(rate: float) -> str:
    """A share at the end of an axis."""
    return f"{rate * 100:g}{SPACE}%"
