"""Who scores from now on: the incumbent, or the challenger that was judged beside it on leads neither had learned from.

The measure is log loss, lead by lead, and its paired bootstrap interval (95 %).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from models_ml.metrics import Interval, paired_difference, row_log_loss

Floats = npt.NDArray[np.float64]
# Outcomes of either kind that the incumbent must not have seen before another model is compared with it.
MIN_UNSEEN = 20

# A smaller difference is one of how a fit ended, not of what was learned.
NOTHING = 1e-5

Decision = Literal["challenger", "incumbent", "nobody"]


@dataclass(frozen=True)
class Verdict:
    """Who scores from now on, why in a sentence, and the log-loss difference it rests on (None: nothing compared)."""

    decision: Decision
    why: str
    difference: Interval | None = None
    rows: int = 0
    converted: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self) | {"difference": None if self.difference is None else self.difference._asdict()}


def judge_first(
    labels: npt.ArrayLike,
    model: npt.ArrayLike,
    base_rate: npt.ArrayLike,
    *,
    seed: int,
    weights: npt.ArrayLike | None = None,
) -> Verdict:
    """Without an incumbent: the model scores if it beats the base rate, the whole interval below 0."""
    difference = paired_difference(
        row_log_loss(labels, model), row_log_loss(labels, base_rate), seed=seed, weights=weights
    )
    rows, converted = _counts(labels)
    if difference.upper < -NOTHING:
        why = f"it forecasts the hold-out better than the base rate ({figures(difference)})"
        return Verdict("challenger", why, difference, rows, converted)
    why = f"no better than the base rate on the hold-out ({figures(difference)}; needed is an interval below 0)"
    return Verdict("nobody", why, difference, rows, converted)


def judge_challenger(
    labels: npt.ArrayLike,
    challenger: npt.ArrayLike,
    incumbent: npt.ArrayLike,
    *,
    seed: int,
    weights: npt.ArrayLike | None = None,
) -> Verdict:
    """Beside an incumbent, on rows neither learned from: the challenger takes over if it is better in the middle (mean
    difference below 0) and not significantly worse (lower limit not above 0, which a mean below 0 implies but where the
    bootstrap is lopsided); the incumbent stays otherwise, and where fewer than `MIN_UNSEEN` outcomes of either kind are
    there to tell.
    """
    rows, converted = _counts(labels)
    if min(converted, rows - converted) < MIN_UNSEEN:
        return Verdict("incumbent", too_little_new(rows, converted), None, rows, converted)
    difference = paired_difference(
        row_log_loss(labels, challenger), row_log_loss(labels, incumbent), seed=seed, weights=weights
    )
    if difference.estimate < -NOTHING and difference.lower <= 0:
        sure = "surely better" if difference.upper < 0 else "better in the middle and not worse"
        return Verdict(
            "challenger", f"on leads neither had seen it is {sure} ({figures(difference)})", difference, rows, converted
        )
    sure = "worse" if difference.lower > 0 else "no better in the middle"
    why = f"on leads neither had seen, the model trained anew is {sure} ({figures(difference)})"
    return Verdict("incumbent", why, difference, rows, converted)


def too_little_new(rows: int, converted: int) -> str:
    """Why an incumbent stays that nothing has been held against yet."""
    return (
        f"since it was trained, {converted} leads became SQL and {rows - converted} did not within their horizon; "
        f"to compare it with another model {MIN_UNSEEN} of either kind are needed"
    )


def may_not_stay(
    features: Collection[str],
    horizons_then: Mapping[str, int],
    *,
    excluded: Collection[str],
    horizons: Mapping[str, int],
) -> str | None:
    """Why an incumbent must go, whatever it forecasts: it uses what is barred now, or answers another question.

    `features` are the columns it uses, by name or as `<kind> <name>`.
    """
    barred = sorted(name for name in features if {name, name.partition(" ")[2]} & set(excluded))
    if barred:
        return f"the model from before uses what must not count: {', '.join(barred)}"
    if dict(horizons_then) != dict(horizons):
        return "the model from before speaks of another horizon"
    return None


def figures(difference: Interval) -> str:
    """A log-loss difference with its interval."""
    return f"log loss {difference.estimate:+.4f} [{difference.lower:+.4f}, {difference.upper:+.4f}]"


def _counts(labels: npt.ArrayLike) -> tuple[int, int]:
    outcome = np.asarray(labels)
    return len(outcome), int(outcome.sum())
