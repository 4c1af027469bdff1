"""What routing by score does to what is seen of scores: control leads, routed as if nobody had scored them, beside
the rest.

Among leads routed by score a good forecast may make itself true (a high score is called first) or false. The control
leads are a random draw, so they are judged without that. Readiness is what comes of a lead that intake works: leads
nobody worked, and of which nothing came by itself, are left out, and the worked ones stand for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models_ml.metrics import Floats, Interval, auc_interval, wilson_interval
from models_ml.readiness.evaluate import interval, measure

# Control leads of either outcome from which on scores are judged by them.
ENOUGH_EACH = 20


def control_report(evaluation: pd.DataFrame, *, seed: int = 7) -> dict[str, Any]:
    """Control leads beside the others, from rows of `ml_readiness__evaluation` (scores whose horizon is over).

    Returns
    -------
    JSON-ready. `control` and `others`: rows, converted, observed_rate, mean_readiness, auc, predicted_over_actual.
    `left_out`: leads nobody worked. `difference`: rate of the others minus that of control, with interval.
    `population`: AUC of telling the two groups apart by readiness (.5: alike) and the difference of its means.
    `unbiased`: all measures of the control leads, None with fewer than 20 of either outcome (`needed`). {} where no
    lead was control.
    """
    if "is_control" not in evaluation or not evaluation["is_control"].fillna(False).any():
        return {}
    is_control = evaluation["is_control"].fillna(False).to_numpy(dtype=bool)
    sides = {"control": is_control, "others": ~is_control}
    weighed = {name: evaluation[side].assign(weight=_weights(evaluation[side])) for name, side in sides.items()}
    groups = {name: rows[rows["weight"] > 0] for name, rows in weighed.items()}
    told: dict[str, Any] = {name: _group(rows) for name, rows in groups.items()}
    told["left_out"] = len(evaluation) - sum(len(rows) for rows in groups.values())
    converted = int(groups["control"]["is_converted"].sum())
    enough = min(converted, len(groups["control"]) - converted) >= ENOUGH_EACH
    told["needed"] = ENOUGH_EACH
    told["unbiased"] = _measured(groups["control"], seed) if enough else None
    told["difference"] = interval(_rate_difference(groups["others"], groups["control"]))
    readiness = evaluation["readiness"].to_numpy(dtype=np.float64)
    apart = {name: rows["readiness"].astype(float).mean() for name, rows in weighed.items()}
    told["population"] = {
        "auc": interval(auc_interval(is_control, readiness)),
        "mean_difference": float(apart["others"] - apart["control"]) if len(weighed["others"]) else None,
    }
    return told


def _group(rows: pd.DataFrame) -> dict[str, Any]:
    if rows.empty:
        return {"rows": 0, "converted": 0}
    measured = _measured(rows, 7)
    names = ("rows", "converted", "observed_rate", "auc", "predicted_over_actual")
    return {name: measured[name] for name in names} | {"mean_readiness": measured["mean_predicted"]}


def _measured(rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    """All measures; level and rate are of worked leads standing for unworked ones, AUC counts each once."""
    found = measure(*_columns(rows), weights=rows["weight"].to_numpy(), seed=seed)
    weighed = ("observed_rate", "mean_predicted", "predicted_over_actual")
    return found | {name: found["weighted"][name] for name in weighed}


def _weights(rows: pd.DataFrame) -> Floats:
    """How many leads of its group each row stands for; 0 where nobody worked it and nothing came by itself."""
    weights = np.ones(len(rows))
    if "is_worked" not in rows:
        return weights
    told, worked, converted = (
        rows[name].to_numpy(dtype=bool) for name in ("has_work_events", "is_worked", "is_converted")
    )
    alone = told & converted & ~worked
    weights[told & ~worked & ~alone] = 0.0
    if (told & worked).any():
        weights[told & worked] = (told.sum() - alone.sum()) / (told & worked).sum()
    return weights


def _columns(rows: pd.DataFrame) -> tuple[Any, Any]:
    return rows["is_converted"].to_numpy(dtype=np.int8), rows["readiness"].to_numpy(dtype=np.float64)


def _rate_difference(left: pd.DataFrame, right: pd.DataFrame) -> Interval:
    """Difference of two rates with Newcombe's interval (hybrid of the Wilson limits)."""
    one, two = (wilson_interval(int(rows["is_converted"].sum()), len(rows)) for rows in (left, right))
    middle = one.estimate - two.estimate
    below = ((one.estimate - one.lower) ** 2 + (two.upper - two.estimate) ** 2) ** 0.5
    above = ((one.upper - one.estimate) ** 2 + (two.estimate - two.lower) ** 2) ** 0.5
    return Interval(middle, middle - below, middle + above)
