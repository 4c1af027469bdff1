"""How much the features give away of what must not count: each protected attribute, predicted from them.

A feature may stand for an attribute that is kept out (an area for a language). Nothing here is a feature: the
attributes are looked at beside the model, and only how well they could be guessed leaves this module.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

from models_ml.metrics import auc_interval
from models_ml.readiness.coded import coded_frame
from models_ml.readiness.columns import KEY

MIN_ROWS, MAX_LEVELS, MAX_ROWS = 50, 8, 4000


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

    Of each attribute up to 8 levels of at least 50 leads, among leads whose value is known (a sample of 4,000 of many).
    Returns rows `attribute`, `level`, `rows`, `auc` (estimate, lower, upper), the best guessed first; an attribute with
    fewer than two such levels has `level` None and no AUC.
    """
    codes = coded_frame(features)
    report: list[dict[str, Any]] = []
    for name, values in sorted(protected.items()):
        report += _of_attribute(name, codes, values, random_state)
    return sorted(report, key=lambda row: (-(row["auc"] or {"estimate": 0})["estimate"], row["attribute"]))


def _of_attribute(name: str, codes: pd.DataFrame, values: pd.Series, random_state: int) -> list[dict[str, Any]]:
    counts = values.dropna().astype(str).value_counts()
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    levels = [str(level) for level, count in ranked if count >= MIN_ROWS][:MAX_LEVELS]
    if len(levels) < 2 or not len(codes.columns):
        return [{"attribute": name, "level": None, "rows": int(counts.sum()), "auc": None}]
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


def _guess(codes: pd.DataFrame, level: Any, random_state: int) -> Any:
    encoded = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit_transform(codes)
    trees = HistGradientBoostingClassifier(
        max_iter=30, learning_rate=0.15, max_leaf_nodes=8, early_stopping=False, random_state=random_state
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=random_state)
    with threadpool_limits(limits=1):
        return cross_val_predict(trees, encoded, level, cv=folds, method="predict_proba")
