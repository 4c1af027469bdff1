"""What somebody should look at before trusting a model: leaks, forecasts that are off, data that moved.

Each check works on any frame. An alarm changes nothing by itself, but that a challenger under a leak alarm does not
take over from an incumbent (`train`); who shows alarms is the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import TargetEncoder

from models_ml.metrics import Interval, weighted_rate
from models_ml.readiness.coded import coded_frame, learn_edges

LEAK_AUC, LEAK_FEATURE_AUC = 0.95, 0.90
LEAST_RATIO, MOST_RATIO = 0.8, 1.25
# A distribution has moved where its stability index is above this, and chance does not explain it at this level.
MOVED_PSI, MOVED_CHANCE = 0.25, 0.01
MIN_EACH, MIN_ROWS, _RARE = 10, 100, 0.01

Severity = Literal["severe", "notice"]


@dataclass(frozen=True)
class Alarm:
    """`words` say in a sentence or two what was seen and what to do; `figures` are the numbers behind, JSON-ready."""

    name: str
    severity: Severity
    words: str
    figures: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)


def single_feature_aucs(frame: pd.DataFrame, labels: npt.ArrayLike, *, random_state: int = 7) -> dict[str, float]:
    """AUC of each column alone, every row judged by what other rows of its value became (cross-fitted), so that a
    column of many values gains nothing by chance. {} where there are too few of either label to tell.
    """
    outcome = np.asarray(labels)
    if min(int(outcome.sum()), int(len(outcome) - outcome.sum())) < MIN_EACH or frame.empty:
        return {}
    codes = coded_frame(frame.rename(columns=str))
    folds = StratifiedKFold(5, shuffle=True, random_state=random_state)
    encoder = TargetEncoder(target_type="binary", cv=folds)
    rates = encoder.fit_transform(codes, outcome)
    return {name: float(roc_auc_score(outcome, rates[:, place])) for place, name in enumerate(codes.columns)}


def leak_alarms(
    frame: pd.DataFrame, labels: npt.ArrayLike, *, auc: float | None = None, random_state: int = 7
) -> list[Alarm]:
    """A model (`auc`, where given) or one column alone that tells outcomes too well to have known them beforehand."""
    alarms = []
    if auc is not None and auc > LEAK_AUC:
        words = (
            f"The model tells who becomes SQL too well to be true (AUC {auc:.3f}, above {LEAK_AUC}): something it is "
            "told was probably filled in after the outcome. Find out when each of its columns is written."
        )
        alarms.append(Alarm("leak", "severe", words, {"auc": auc}))
    for name, area in sorted(single_feature_aucs(frame, labels, random_state=random_state).items()):
        if area > LEAK_FEATURE_AUC:
            words = (
                f"`{name}` alone tells who becomes SQL (AUC {area:.3f}, above {LEAK_FEATURE_AUC}): it was probably "
                "filled in after the outcome. Give the moment each value became known, or take the column out."
            )
            alarms.append(Alarm("leaking_feature", "severe", words, {"feature": name, "auc": area}))
    return alarms


def is_off(ratio: Interval) -> bool:
    """Predicted per actual outside [0.8, 1.25], and not by chance alone."""
    outside = not LEAST_RATIO <= ratio.estimate <= MOST_RATIO
    return outside and not ratio.lower <= 1 <= ratio.upper and ratio.estimate == ratio.estimate


def balance_alarms(ratio: Interval, groups: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Alarm]:
    """More or fewer SQLs forecast than seen: in all (severe), or in a group (a notice).

    `groups` holds, by what they are groups of, rows of `evaluate.by_group`.
    """
    alarms = []
    if is_off(ratio):
        words = f"On leads it had not seen, the model forecast {_off(ratio)}."
        alarms.append(Alarm("predicted_over_actual", "severe", words, {"ratio": ratio._asdict()}))
    for kind, rows in groups.items():
        for row in rows:
            own = row["predicted_over_actual"]
            known = Interval(*(np.nan if own[name] is None else own[name] for name in Interval._fields))
            if is_off(known):
                words = f"For {_whose(kind, str(row['group']))} the model forecast {_off(known)}."
                figures = {"kind": kind, "group": row["group"], "ratio": own}
                alarms.append(Alarm("predicted_over_actual_of_group", "notice", words, figures))
    return alarms


def base_rate_alarms(
    learned: npt.ArrayLike, latest: npt.ArrayLike, *, learned_weights: Any = None, latest_weights: Any = None
) -> list[Alarm]:
    """The latest outcomes come at another rate than those learned from."""
    before = weighted_rate(learned, learned_weights).estimate
    now = weighted_rate(latest, latest_weights)
    if len(np.asarray(latest)) < MIN_ROWS or not before > 0 or now.lower <= before <= now.upper:
        return []
    if LEAST_RATIO <= now.estimate / before <= MOST_RATIO:
        return []
    words = (
        f"Of 100 leads, {now.estimate * 100:.0f} became SQL lately (95 %: {now.lower * 100:.0f} to "
        f"{now.upper * 100:.0f}), {before * 100:.0f} of those the model learned from: the base rate moved."
    )
    return [Alarm("base_rate_moved", "notice", words, {"before": before, "now": now._asdict()})]


def drift_alarms(learned: pd.DataFrame, newest: pd.DataFrame) -> list[Alarm]:
    """Columns whose values come in other shares among the newest leads than in training.

    A column moved where its population stability index is above 0.25 and a chi-squared test of the two samples finds it
    unlikely by chance (1 in 100 over all columns together). Fewer than 100 new rows tell nothing.
    """
    if min(len(learned), len(newest)) < MIN_ROWS:
        return []
    edges = learn_edges(learned)
    before, now = coded_frame(learned, edges), coded_frame(newest.reindex(columns=learned.columns), edges)
    moved = []
    for name in learned.columns:
        index, chance = stability(before[name], now[name])
        if index > MOVED_PSI and chance < MOVED_CHANCE / len(learned.columns):
            unseen = float((~now[name].isin(set(before[name]))).mean())
            told = f", and {unseen * 100:.0f} of 100 have a value it never saw" if unseen >= _RARE else ""
            words = f"`{name}` of the newest leads is not as it was in training (stability index {index:.2f}{told})."
            figures = {"feature": name, "stability_index": index, "chance": chance, "unseen_rate": unseen}
            moved.append(Alarm("feature_moved", "notice", words, figures))
    return moved


def stability(before: pd.Series, now: pd.Series) -> tuple[float, float]:
    """(population stability index, probability of so large a difference by chance) of two samples of codes.

    Codes rarer than 1 in 100 in both samples count as one.
    """
    shares = pd.concat([before.value_counts(normalize=True), now.value_counts(normalize=True)], axis=1).fillna(0.0)
    rare = set(shares.index[shares.max(axis=1) < _RARE])
    kept = [sample.where(~sample.isin(rare), "(rare)").value_counts() for sample in (before, now)]
    counts = pd.concat(kept, axis=1).fillna(0).to_numpy(dtype=np.float64)
    if len(counts) < 2:
        return 0.0, 1.0
    # Half a row where there is none, so that the logarithm stands.
    share = np.maximum(counts, 0.5) / counts.sum(axis=0)
    index = float(((share[:, 1] - share[:, 0]) * np.log(share[:, 1] / share[:, 0])).sum())
    return index, float(stats.chi2_contingency(counts)[1])


def _whose(kind: str, group: str) -> str:
    called = kind.replace("_", " ")
    return f"leads whose {called} is not known" if group == "(none)" else f"{called} {group}"


def _off(ratio: Interval) -> str:
    said = f"{ratio.estimate:.2f} SQLs for each one seen (95 %: {ratio.lower:.2f} to {ratio.upper:.2f})"
    return f"{said}, which is outside {LEAST_RATIO} to {MOST_RATIO}"
