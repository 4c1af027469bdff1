"""What a readiness model may see of an MQL: the allow-list, one wide frame of raw columns, and a training's schema.

A row's columns depend on that row and the schema alone, never on its neighbours. Values stay as they come: rare levels,
encoding and missing values are the classifier's. Which facts were known at the moment is decided in dbt
(`int_mqls__featured`, `int_mql_facts__known`); that nothing else gets in, `tests/unit/readiness`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

KEY = ["record_key", "became_mql_at"]
# The allow-list: columns of `ml_readiness__*` and kinds of its long facts. What is not named here is never seen.
POINTS = ("fit_points", "behaviour_points")
NUMBERS = (
    *POINTS,
    "touch_count",
    "touches_last_week_count",
    "touches_as_lead_count",
    "session_count",
    "touches_per_session",
    "days_from_first_touch",
    "days_from_last_touch",
    "days_as_lead",
    "earlier_record_count",
    "days_from_earlier_record",
)
CODES = ("source", "service_line", "location_id", "channel", "platform", "campaign_id", "landing_page")
ATTRIBUTE, SIGNAL_COUNT, SIGNAL_DAYS, SIGNAL_POINTS = "attribute", "signal_count", "signal_days", "signal_points"
CODED_ATTRIBUTES = ("postal_area",)
KINDS = (ATTRIBUTE, SIGNAL_COUNT, SIGNAL_DAYS, SIGNAL_POINTS)
# What somebody did not do counts nothing; when it was last done is missing then.
_ABSENT = {SIGNAL_COUNT: 0.0, SIGNAL_POINTS: 0.0}

MAX_FACTS, MIN_KNOWN_ROWS, MIN_KNOWN_SHARE = 40, 20, 0.01
MIN_NUMERIC_SHARE, MIN_NUMBERS = 0.95, 10

FeatureKind = Literal["number", "code"]


@dataclass(frozen=True)
class Feature:
    """A raw column: its name, and whether it holds numbers or codes."""

    name: str
    kind: FeatureKind


@dataclass(frozen=True)
class FeatureSchema:
    """The raw columns of one training, in order: what is stored with a model, and what rows are brought into."""

    features: tuple[Feature, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def points(self) -> tuple[str, ...]:
        """Columns that are hand-made points: whole halves of the criteria, then single rules."""
        single = tuple(name for name in self.names if origin_of(name)[0] == SIGNAL_POINTS)
        return (*(name for name in POINTS if name in self.names), *single)

    @property
    def hash(self) -> str:
        """SHA-256 of names and kinds in order."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {"features": [asdict(feature) for feature in self.features]}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> FeatureSchema:
        """The schema that `to_dict` gave."""
        return cls(tuple(Feature(**item) for item in content["features"]))


def origin_of(name: str) -> tuple[str, str]:
    """Where a raw column comes from: (`column`, its name), or (kind of fact, name of the attribute, signal or rule)."""
    kind, _, bare = name.partition(" ")
    return (kind, bare) if kind in KINDS and bare else ("column", name)


def raw_features(
    rows: pd.DataFrame, attributes: pd.DataFrame, *, excluded_attributes: Collection[str] = ()
) -> pd.DataFrame:
    """All allowed facts of the rows side by side, in their order.

    Parameters
    ----------
    rows
        of `ml_readiness__training_examples` or `__scoring_candidates`; columns not on the allow-list are left out.
    attributes
        of `ml_readiness__example_attributes` (long: KEY, kind, name, value as text).
    excluded_attributes
        names that never become a column, whatever they are the name of: attribute, signal, rule or column.

    Returns
    -------
    One row per row of `rows`, index 0 … n-1. Numbers are float64 (missing: NaN), codes object (missing: None).
    Facts are columns `<kind> <name>`; attributes are codes until `learn_schema` finds numbers in them.
    """
    barred = set(excluded_attributes)
    columns: dict[str, Any] = {}
    for name in (*NUMBERS, *CODES):
        if name in rows and name not in barred:
            columns[name] = _numbers(rows[name]) if name in NUMBERS else _codes(rows[name])
    frame = pd.DataFrame(columns, index=rows.index).reset_index(drop=True)
    known = attributes[attributes["kind"].isin(KINDS) & ~attributes["name"].isin(barred)]
    wide = _pivot(rows, known)
    facts = {
        name: _codes(wide[name]) if origin_of(name)[0] == ATTRIBUTE else _counted(wide[name], origin_of(name)[0])
        for name in map(str, wide)
    }
    return pd.concat([frame, pd.DataFrame(facts, index=frame.index)], axis=1)


def learn_schema(raw: pd.DataFrame) -> FeatureSchema:
    """What of `raw_features` is common enough to learn from: a fixed order, whatever the order of rows.

    Known of at least 20 rows; of each kind of fact at most 40, the most widely known first, of one row in a hundred.
    Columns of one value (or none) are left out.
    """
    columns = [name for name in (*NUMBERS, *CODES) if name in raw and raw[name].notna().sum() >= MIN_KNOWN_ROWS]
    facts = [name for kind in KINDS for name in _common(raw, kind)]
    features = [Feature(name, _kind(raw[name], name)) for name in (*columns, *facts)]
    return FeatureSchema(tuple(feature for feature in features if raw[feature.name].nunique(dropna=False) > 1))


def feature_frame(raw: pd.DataFrame, schema: FeatureSchema) -> pd.DataFrame:
    """Rows of `raw_features` in exactly the schema's columns: float64 (missing: NaN) and object (missing: None)."""
    columns = {}
    for feature in schema.features:
        if feature.name not in raw:
            columns[feature.name] = _absent(feature, raw.index)
        elif feature.kind == "number":
            columns[feature.name] = _numbers(raw[feature.name])
        else:
            columns[feature.name] = _codes(raw[feature.name])
    return pd.DataFrame(columns, index=raw.index)


def _absent(feature: Feature, index: pd.Index) -> pd.Series:
    if feature.kind == "code":
        return pd.Series([None] * len(index), index=index, dtype=object)
    return pd.Series(_ABSENT.get(origin_of(feature.name)[0], np.nan), index=index, dtype="float64")


def _common(raw: pd.DataFrame, kind: str) -> Iterable[str]:
    """Facts of a kind that are known often enough, by name."""
    needed = max(MIN_KNOWN_ROWS, int(MIN_KNOWN_SHARE * len(raw)))
    names = [str(name) for name in raw if origin_of(str(name))[0] == kind]
    known = {name: int(((raw[name] != 0) if kind in _ABSENT else raw[name].notna()).sum()) for name in names}
    ranked = sorted((name for name in names if known[name] >= needed), key=lambda name: (-known[name], name))
    return sorted(ranked[:MAX_FACTS])


def _kind(values: pd.Series, name: str) -> FeatureKind:
    """An attribute is a number where nearly all its values are, of more than a few, and none begins with 0."""
    origin, bare = origin_of(name)
    if origin != ATTRIBUTE:
        return "code" if name in CODES else "number"
    known = values.dropna()
    if bare in CODED_ATTRIBUTES or known.astype(str).str.fullmatch(r"0\d+").any():
        return "code"
    readable = _numbers(known)
    is_number = len(known) and readable.notna().mean() >= MIN_NUMERIC_SHARE and readable.nunique() > MIN_NUMBERS
    return "number" if is_number else "code"


def _numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def _counted(values: pd.Series, kind: str) -> pd.Series:
    numbers = _numbers(values)
    return numbers.fillna(_ABSENT[kind]) if kind in _ABSENT else numbers


def _codes(values: pd.Series) -> pd.Series:
    """Trimmed text; empty and missing values are None."""
    text = [None if pd.isna(value) else str(value).strip() or None for value in values]
    return pd.Series(text, index=values.index, dtype=object)


def _pivot(rows: pd.DataFrame, long: pd.DataFrame) -> pd.DataFrame:
    """Facts side by side, one column `<kind> <name>` each, in the order of the rows."""
    keys = pd.MultiIndex.from_frame(rows[KEY].astype({"became_mql_at": "datetime64[us]"}))
    known = long.astype({"became_mql_at": "datetime64[us]"})
    known = known.assign(column=known["kind"] + " " + known["name"]).drop_duplicates([*KEY, "column"])
    wide = known.pivot(index=KEY, columns="column", values="value") if len(known) else pd.DataFrame(index=keys[:0])
    return wide.reindex(keys)[sorted(wide.columns)].reset_index(drop=True).astype(object)
