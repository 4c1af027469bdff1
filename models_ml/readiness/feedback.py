"""What routing by score does to what is seen of scores: control leads, routed as if nobody had scored them, beside
the rest.

Among leads routed by score a good forecast may make itself true (a high score is called first) or false. The control
leads are a random draw, so they are judged without that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models_ml.metrics import Interval, auc_interval, wilson_interval
from models_ml.readiness.evaluate import interval, measure

# Control leads of either outcome from which on scores are judged by them.
ENOUGH_EACH = 20


def control_report(evaluation: pd.DataFrame, *, seed: int = 7) -> dict[str, Any]:
    """Control leads beside the others, from rows of `ml_readiness__evaluation` (scores whose horizon is over).

    Returns
    -------
    JSON-ready. `control` and `others`: rows, converted, observed_rate, mean_readiness, auc, predicted_over_actual.
    `difference`: rate of the others minus that of control, with interval. `population`: AUC of telling the two groups
    apart by readiness (.5: alike) and the difference of its means. `unbiased`: all measures of the control leads, None
    with fewer than 20 of either outcome (`needed`). {} where no lead was control.
    """
    if "is_control" not in evaluation or not evaluation["is_control"].fillna(False).any():
        return {}
    is_control = evaluation["is_control"].fillna(False).to_numpy(dtype=bool)
    groups = {"control": evaluation[is_control], "others": evaluation[~is_control]}
    told: dict[str, Any] = {name: _group(rows) for name, rows in groups.items()}
    converted = int(groups["control"]["is_converted"].sum())
    enough = min(converted, len(groups["control"]) - converted) >= ENOUGH_EACH
    told["needed"] = ENOUGH_EACH
    told["unbiased"] = measure(*_columns(groups["control"]), seed=seed) if enough else None
    told["difference"] = interval(_rate_difference(groups["others"], groups["control"]))
    readiness = evaluation["readiness"].to_numpy(dtype=np.float64)
    apart = {name: rows["readiness"].astype(float).mean() for name, rows in groups.items()}
    told["population"] = {
        "auc": interval(auc_interval(is_control, readiness)),
        "mean_difference": float(apart["others"] - apart["control"]) if len(groups["others"]) else None,
    }
    return told


def _group(rows: pd.DataFrame) -> dict[str, Any]:
    if rows.empty:
        return {"rows": 0, "converted": 0}
    measured = measure(*_columns(rows))
    names = ("rows", "converted", "observed_rate", "auc", "predicted_over_actual")
    return {name: measured[name] for name in names} | {"mean_readiness": measured["mean_predicted"]}


def _columns(rows: pd.DataFrame) -> tuple[Any, Any]:
    return rows["is_converted"].to_numpy(dtype=np.int8), rows["readiness"].to_numpy(dtype=np.float64)


def _rate_difference(left: pd.DataFrame, right: pd.DataFrame) -> Interval:
    """Difference of two rates with Newcombe's interval (hybrid of the Wilson limits)."""
    one, two = (wilson_interval(int(rows["is_converted"].sum()), len(rows)) for rows in (left, right))
    middle = one.estimate - two.estimate
    below = ((one.estimate - one.lower) ** 2 + (two.upper - two.estimate) ** 2) ** 0.5
    above = ((one.upper - one.estimate) ** 2 + (two.estimate - two.lower) ** 2) ** 0.5
    return Interval(middle, middle - below, middle + above)
