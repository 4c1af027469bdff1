"""What the model sees of an MQL: the feature schema, fixed at training, and the frame it gives for any rows.

A row's features depend on that row and the schema alone, never on its neighbours. Rare values of a category are not
kept (they could identify somebody). Fitting and scaling stand in `estimator`; which facts were known at the moment is
decided in dbt (`int_mqls__featured`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

KEY = ["record_key", "became_mql_at"]
UNKNOWN, OTHER = "(unknown)", "(other)"
POINTS = ("fit_points", "behaviour_points")

_NUMBERS = (*POINTS,)
_COUNTS = ("touch_count", "touches_last_week_count", "days_from_first_touch", "days_as_lead")
_CODES = ("source", "service_line", "location_id", "channel", "platform", "campaign_id", "landing_page", "mql_basis")
_TIMES = ("local_weekday", "local_day_part")
_DAY_PARTS = ((0, "night"), (6, "morning"), (12, "afternoon"), (18, "evening"))

MAX_LEVELS, MAX_ATTRIBUTES, MAX_SIGNALS = 20, 40, 40
MIN_LEVEL_ROWS, MIN_KNOWN_SHARE = 20, 0.01

Origin = Literal["column", "attribute", "signal"]


@dataclass(frozen=True)
class NumericFeature:
    """A number; `reference` is what explanations compare with (the median of training)."""

    name: str
    origin: Origin
    log: bool
    reference: float


@dataclass(frozen=True)
class CategoricalFeature:
    """A code; values outside `levels` are `(other)`, missing ones `(unknown)`; `reference` is the commonest."""

    name: str
    origin: Origin
    levels: tuple[str, ...]
    reference: str


@dataclass(frozen=True)
class FeatureSchema:
    """The features of one training, in order."""

    numeric: tuple[NumericFeature, ...]
    categorical: tuple[CategoricalFeature, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> FeatureSchema:
        """The schema that `to_dict` gave."""
        return cls(
            tuple(NumericFeature(**item) for item in content["numeric"]),
            tuple(CategoricalFeature(**{**item, "levels": tuple(item["levels"])}) for item in content["categorical"]),
        )

    def reference_frame(self) -> pd.DataFrame:
        """One row: the typical lead explanations compare with."""
        values: dict[str, list[Any]] = {feature.name: [feature.reference] for feature in self.numeric}
        values |= {feature.name: [feature.reference] for feature in self.categorical}
        return pd.DataFrame(values).astype({feature.name: object for feature in self.categorical})


def raw_features(
    rows: pd.DataFrame, attributes: pd.DataFrame, *, excluded_attributes: Collection[str] = ()
) -> tuple[pd.DataFrame, dict[str, Origin]]:
    """All facts of the rows side by side, in their order: (frame, origin by column).

    `rows` has KEY and any of the known columns, `attributes` is long (KEY, kind, name, value). Signals nobody gave
    count 0; attributes nobody gave are missing.
    """
    known = [name for name in (*_NUMBERS, *_COUNTS, *_CODES) if name in rows]
    frame = rows[known].reset_index(drop=True).copy()
    if "local_weekday" in rows:
        frame["local_weekday"] = [_whole(value) for value in rows["local_weekday"]]
    if "local_hour" in rows:
        frame["local_day_part"] = [_day_part(value) for value in rows["local_hour"]]
    origins: dict[str, Origin] = dict.fromkeys(frame.columns, "column")
    barred = set(excluded_attributes)
    frame = frame.drop(columns=[name for name in frame if name in barred])
    long = attributes[~attributes["name"].isin(barred)]
    for kind, origin in (("signal_count", "signal"), ("attribute", "attribute")):
        wide = _pivot(rows, long[long["kind"] == kind])
        wide = wide.fillna("0") if kind == "signal" else wide
        wide.columns = [f"{origin} {name}" for name in wide.columns]
        origins |= dict.fromkeys(wide.columns, origin)  # type: ignore[arg-type]
        frame = pd.concat([frame, wide], axis=1)
    return frame, origins


def learn_schema(raw: pd.DataFrame, origins: dict[str, Origin]) -> FeatureSchema:
    """The schema of training rows: what of `raw_features` is common enough to learn from."""
    numeric: list[NumericFeature] = []
    categorical: list[CategoricalFeature] = []
    for name in _chosen(raw, origins):
        values = _numbers(raw[name]) if _is_number(raw[name], name, origins[name]) else None
        if values is None:
            feature = _categorical(raw[name], name, origins[name])
            categorical += [feature] if feature else []
        elif values.nunique() > 1:
            log = origins[name] == "signal" or name in _COUNTS
            values = np.log1p(values.clip(lower=0)) if log else values
            numeric.append(NumericFeature(name, origins[name], log, float(values.median())))
    return FeatureSchema(tuple(numeric), tuple(categorical))


def feature_frame(raw: pd.DataFrame, schema: FeatureSchema) -> pd.DataFrame:
    """The frame the pipeline takes: float64 for numbers (missing: NaN), text for codes; unknown columns are ignored."""
    columns: dict[str, Any] = {}
    for number in schema.numeric:
        if number.name in raw:
            values = _numbers(raw[number.name])
        else:
            values = pd.Series(0.0 if number.origin == "signal" else np.nan, index=raw.index)
        columns[number.name] = np.log1p(values.clip(lower=0)) if number.log else values
    for code in schema.categorical:
        if code.name in raw:
            levels = set(code.levels)
            columns[code.name] = [_level(value, levels) for value in raw[code.name]]
        else:
            columns[code.name] = [UNKNOWN] * len(raw)
    frame = pd.DataFrame(columns, index=raw.index)
    return frame.astype({code.name: object for code in schema.categorical})


def _chosen(raw: pd.DataFrame, origins: dict[str, Origin]) -> list[str]:
    """Columns common enough, in a fixed order; of attributes and signals the most widely known ones."""
    needed = max(MIN_LEVEL_ROWS, int(MIN_KNOWN_SHARE * len(raw)))
    chosen = [name for name in (*_NUMBERS, *_COUNTS, *_CODES, *_TIMES) if name in raw and raw[name].notna().any()]
    for origin, limit in (("signal", MAX_SIGNALS), ("attribute", MAX_ATTRIBUTES)):
        names = [str(name) for name in raw if origins[str(name)] == origin]
        rows = {
            name: int((raw[name] != "0").sum() if origin == "signal" else raw[name].notna().sum()) for name in names
        }
        ranked = sorted((name for name in names if rows[name] >= needed), key=lambda name: (-rows[name], name))
        chosen += sorted(ranked[:limit])
    return chosen


def _categorical(values: pd.Series, name: str, origin: Origin) -> CategoricalFeature | None:
    counts = values.dropna().astype(str).str.strip().value_counts()
    kept = sorted(counts[counts >= MIN_LEVEL_ROWS].items(), key=lambda item: (-item[1], str(item[0])))[:MAX_LEVELS]
    levels = tuple(sorted(str(level) for level, _ in kept))
    seen = pd.Series([_level(value, set(levels)) for value in values])
    common = sorted(seen.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
    if not levels or len(common) < 2:
        return None
    return CategoricalFeature(name, origin, levels, str(common[0][0]))


def _is_number(values: pd.Series, name: str, origin: Origin) -> bool:
    if origin == "signal" or name in _NUMBERS or name in _COUNTS:
        return True
    if origin == "column":
        return False
    known = values.dropna()
    readable = pd.to_numeric(known, errors="coerce")
    return bool(readable.notna().mean() >= 0.95 and readable.nunique() > 10)


def _numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def _level(value: object, levels: set[str]) -> str:
    if value is None or value is pd.NA or value != value:
        return UNKNOWN
    text = str(value).strip()
    return UNKNOWN if not text else text if text in levels else OTHER


def _pivot(rows: pd.DataFrame, long: pd.DataFrame) -> pd.DataFrame:
    keys = pd.MultiIndex.from_frame(rows[KEY].astype({"became_mql_at": "datetime64[us]"}))
    known = long.astype({"became_mql_at": "datetime64[us]"}).drop_duplicates([*KEY, "name"])
    wide = known.pivot(index=KEY, columns="name", values="value") if len(known) else pd.DataFrame(index=keys[:0])
    return wide.reindex(keys)[sorted(wide.columns)].reset_index(drop=True).astype(object)


def _whole(value: Any) -> str | None:
    return None if pd.isna(value) else str(int(value))


def _day_part(hour: Any) -> str | None:
    return None if pd.isna(hour) else [part for begins, part in _DAY_PARTS if begins <= int(hour)][-1]
