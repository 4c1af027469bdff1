"""How much the features give away of what must not count: each protected attribute, predicted from them.

A feature may stand for an attribute that is kept out (an area for a language). Nothing here is a feature: the
attributes are looked at beside the model, and only how well they could be guessed leaves this module.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

from models_ml.metrics import auc_interval
from models_ml.readiness.coded import coded, coded_frame, learn_edges
from models_ml.readiness.columns import KEY

MIN_ROWS, MAX_LEVELS, MAX_ROWS = 50, 8, 4000
# Numbers of more values than levels are looked at by intervals.
INTERVALS = 5
TOO_FEW_LEADS, TOO_MANY_VALUES = "too_few_leads", "too_many_values"


def protected_values(
    rows: pd.DataFrame, attributes: pd.DataFrame, *, protected: Collection[str]
) -> dict[str, pd.Series]:
    """Value of each protected attribute of each row (None: not known), of those that any row has."""
    keys = pd.MultiIndex.from_frame(rows[KEY].astype({"became_mql_at": "datetime64[us]"}))
    known = attributes[(attributes["kind"] == "attribute") & attributes["name"].isin(list(protected))]
    found = {}
    for name, own in known.astype({"became_mql_at": "datetime64[us]"}).groupby("name"):
        values = own.drop_duplicates(KEY).set_index(KEY)["value"].reindex(keys)
        if values.notna().any():
            found[str(name)] = values.reset_index(drop=True)
    for name in sorted(set(protected) & set(rows.columns)):
        found.setdefault(name, rows[name].reset_index(drop=True))
    return found


def proxy_report(
    features: pd.DataFrame, protected: dict[str, pd.Series], *, random_state: int = 7
) -> list[dict[str, Any]]:
    """AUC (95 %, cross-fitted in three folds) of guessing each level of each protected attribute from the features.

    Of each attribute up to 8 levels of at least 50 leads, among leads whose value is known (a sample of 4,000 of many);
    numbers of more than 8 values by up to 5 intervals of like counts.
    Returns rows `attribute`, `level`, `rows`, `auc` (estimate, lower, upper), the best guessed first; an attribute with
    fewer than two such levels has `level` None and no AUC, and `why`: too_few_leads or too_many_values.
    """
    codes = coded_frame(features)
    report: list[dict[str, Any]] = []
    for name, values in sorted(protected.items()):
        report += _of_attribute(name, codes, values, random_state)
    return sorted(report, key=lambda row: (-(row["auc"] or {"estimate": 0})["estimate"], row["attribute"]))


def _of_attribute(name: str, codes: pd.DataFrame, values: pd.Series, random_state: int) -> list[dict[str, Any]]:
    values = in_intervals(values)
    counts = values.dropna().astype(str).value_counts()
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    levels = [str(level) for level, count in ranked if count >= MIN_ROWS][:MAX_LEVELS]
    if len(levels) < 2 or not len(codes.columns):
        return [{"attribute": name, "level": None, "rows": int(counts.sum()), "auc": None, "why": _why(counts)}]
    kept = np.flatnonzero(values.astype(str).isin(levels) & values.notna())
    if len(kept) > MAX_ROWS:
        kept = np.sort(np.random.default_rng(random_state).choice(kept, MAX_ROWS, replace=False))
    level = values.iloc[kept].astype(str).to_numpy()
    # A sample may hold too few of a level for three folds.
    levels = [each for each in levels if (level == each).sum() >= 3]
    guesses = _guess(codes.iloc[kept], level, random_state)
    order = sorted(set(level))
    return [
        {
            "attribute": name,
            "level": each,
            "rows": int((level == each).sum()),
            "auc": auc_interval(level == each, guesses[:, order.index(each)])._asdict(),
        }
        for each in levels
    ]


def in_intervals(values: pd.Series) -> pd.Series:
    """Values as text, numbers of more than 8 different ones by the interval they fall in ("34.5 to 47").

    What is no number, or missing, stays as it is.
    """
    told = values.astype(str).where(values.notna(), None).astype(object)
    numbers = pd.to_numeric(told, errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)
    bins = min(INTERVALS, int(numbers.notna().sum()) // MIN_ROWS)
    if numbers.nunique() <= MAX_LEVELS or bins < 2:
        return told
    # Where most have the least value there is, that value is an interval of its own.
    second = numbers[numbers > numbers.min()].min()
    edges = {"number": np.unique(np.maximum(learn_edges(numbers.to_frame("number"), bins=bins)["number"], second))}
    inner = [f"{edge:.10g}" for edge in edges["number"]]
    spans = [f"{low} to {high}" for low, high in pairwise(inner)]
    names = dict(enumerate([f"under {inner[0]}", *spans, f"{inner[-1]} or more"]))
    codes = pd.to_numeric(coded(numbers.rename("number"), edges), errors="coerce")
    return told.where(numbers.isna(), codes.map(names))


def _why(counts: pd.Series) -> str:
    """Why there are not two levels of enough leads: too few leads beside the commonest value, or all of them apart."""
    rest = counts.sum() - counts.max() if len(counts) else 0
    return TOO_MANY_VALUES if counts.sum() >= 2 * MIN_ROWS and rest >= MIN_ROWS else TOO_FEW_LEADS


def _guess(codes: pd.DataFrame, level: Any, random_state: int) -> Any:
    encoded = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit_transform(codes)
    trees = HistGradientBoostingClassifier(
        max_iter=30, learning_rate=0.15, max_leaf_nodes=8, early_stopping=False, random_state=random_state
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=random_state)
    with threadpool_limits(limits=1):
        return cross_val_predict(trees, encoded, level, cv=folds, method="predict_proba")
