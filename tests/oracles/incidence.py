"""Cumulative incidence in plain Python: who is at risk at which age, and the share converted by then.

Written from the words of docs/funnel.md and from the textbook's formulas (Aalen and Johansen 1978; the variance as in
Marubini and Valsecchi 1995, 10.3), lead by lead and age by age, with fractions where a float could hide a mistake;
knows nothing of the SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import sqrt

DAY = timedelta(days=1)
Z = 1.959963984540054


@dataclass(frozen=True)
class Life:
    """One lead in one step: followed for so many full days; converted or left at an age; observed only after one."""

    followed: int
    converted: int | None = None
    left: int | None = None
    unseen_until: int | None = None

    def is_watched(self, age: int) -> bool:
        """Its time reaches that age, and it was under observation before it: if gone since, not before that."""
        if self.unseen_until is None:
            return self.followed >= age
        gone = min([each for each in (self.converted, self.left) if each is not None], default=age)
        return self.followed >= age > self.unseen_until and gone > self.unseen_until

    def is_at_risk(self, age: int) -> bool:
        """It is watched, and had not gone before."""
        gone = min([each for each in (self.converted, self.left) if each is not None], default=age)
        return self.is_watched(age) and gone >= age


def life(
    as_of: datetime,
    entered_at: datetime,
    converted_at: datetime | None = None,
    left_at: datetime | None = None,
    observed_from: datetime | None = None,
) -> Life:
    """A lead's moments as ages."""

    def age(moment: datetime | None) -> int | None:
        if moment is None:
            return None
        return 0 if moment <= entered_at else -((entered_at - moment) // DAY)

    return Life((as_of - entered_at) // DAY, age(converted_at), age(left_at), age(observed_from))


@dataclass(frozen=True)
class Age:
    """What a cohort shows at one age."""

    at_risk: int
    converted: int
    competing: int
    censored: int
    rate: float | None
    low: float | None
    high: float | None


def curve(lives: Iterable[Life], last: int) -> list[Age]:
    """A cohort from age 0 to the last."""
    lives = list(lives)
    staying, share, watched = Fraction(1), Fraction(0), len(lives)
    is_known = True
    found: list[Age] = []
    steps: list[tuple[int, int, int, Fraction, Fraction]] = []
    at_risk = [[each for each in lives if each.is_at_risk(age)] for age in range(last + 1)]
    for age, here in enumerate(at_risk):
        converted = sum(each.converted == age for each in here)
        competing = sum(each.left == age and each.converted != age for each in here)
        censored = sum(each.followed == age and age not in (each.converted, each.left) for each in here)
        if staying > 0:
            is_known &= bool(here)
            is_known &= converted + competing < len(here) or not any(at_risk[age + 1 :])
            watched = min(watched, sum(each.is_watched(age) for each in lives))
        if here and staying > 0:
            before = staying
            share += before * Fraction(converted, len(here))
            staying *= Fraction(len(here) - converted - competing, len(here))
            steps.append((len(here), converted, competing, before, share))
        rate = float(share) if is_known else None
        low, high = interval(share, variance(steps), watched) if is_known else (None, None)
        found.append(Age(len(here), converted, competing, censored, rate, low, high))
    return found


def variance(steps: Sequence[tuple[int, int, int, Fraction, Fraction]]) -> float:
    """Of the share at the last of the steps: at risk, converted, competing, staying before, share by then."""
    total = Fraction(0)
    for n, d, c, before, share in steps:
        rest = steps[-1][4] - share
        if n > d + c:
            total += rest * rest * Fraction(d + c, n * (n - d - c))
        total += before * before * Fraction(d * (n - d), n**3) - 2 * rest * before * Fraction(d, n * n)
    return float(total)


def interval(share: Fraction, spread: float, watched: int) -> tuple[float, float]:
    """Wilson's limits for as many leads as would have that variance; of none or all, for those watched."""
    p = float(share)
    n = p * (1 - p) / spread if 0 < share < 1 else float(watched)
    centre, half = p + Z * Z / (2 * n), Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return max(0.0, (centre - half) / (1 + Z * Z / n)), min(1.0, (centre + half) / (1 + Z * Z / n))
