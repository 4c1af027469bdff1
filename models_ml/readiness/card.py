"""What a reader of a model is told, as plain data for JSON; its layout is `orchestration.report`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from models_ml.model_selection import TemporalSplit
from models_ml.readiness.columns import FeatureSchema
from models_ml.readiness.promotion import Verdict
from models_ml.readiness.recalibrate import Recalibration, moved_bands
from models_ml.readiness.trained import TrainedReadiness
from models_ml.readiness.training_data import TrainingData


def make_card(
    data: TrainingData,
    split: TemporalSplit,
    report: dict[str, Any],
    *,
    tier: str,
    schema: FeatureSchema,
    as_of: pd.Timestamp,
    horizons: Mapping[str, int],
    excluded: Mapping[str, str],
    parameters: Mapping[str, Any],
    hashes: Mapping[str, str],
    alarms: list[dict[str, Any]],
    proxies: list[dict[str, Any]],
    verdict: Verdict,
    bands: Mapping[str, float],
) -> dict[str, Any]:
    """The card of a model trained anew. `learned_until`: no outcome known later has been learned from."""
    held = data.began[split.is_holdout]
    return {
        "tier": tier,
        "trained_as_of": as_of.isoformat(),
        "learned_until": as_of.isoformat(),
        "first_example": data.began.min().isoformat(),
        "last_example": data.began.max().isoformat(),
        "split_at": split.split_at.isoformat(),
        "holdout_until": held.max().isoformat(),
        "horizons": dict(horizons),
        "counts": counts_of(data, split) | {"latest_only_examples": _latest_only(data.examples)},
        "features": list(schema.names),
        "excluded_attributes": dict(excluded),
        "parameters": dict(parameters),
        "hashes": dict(hashes),
        "bands": dict(bands),
        "working": data.working.figures.to_dict() | {"note": data.working.note},
        "holdout": report,
        "alarms": alarms,
        "proxies": proxies,
        "promotion": verdict.to_dict(),
    }


def counts_of(data: TrainingData, split: TemporalSplit) -> dict[str, int]:
    """Examples and those that converted: all, those whose outcome is known (`used`), and of these by part."""
    counts = {
        "examples": len(data.labels),
        "converted": int(data.labels.sum()),
        "used_examples": int(data.used.sum()),
    }
    for name, part in (("training", split.is_training), ("holdout", split.is_holdout)):
        rows = part & data.used
        counts |= {f"{name}_examples": int(rows.sum()), f"{name}_converted": int(data.labels[rows].sum())}
    return counts


def challenged(
    found: TrainedReadiness, verdict: Verdict, compared: Mapping[str, Any], incumbent: TrainedReadiness
) -> TrainedReadiness:
    """The model that took over, its card saying from whom and by how much."""
    promotion = verdict.to_dict() | {"compared": dict(compared), "took_over_from": incumbent.version}
    return replace(found, card=found.card | {"promotion": promotion})


def recalibrated_card(
    incumbent: TrainedReadiness, card: dict[str, Any], found: Recalibration, as_of: pd.Timestamp
) -> tuple[str, dict[str, Any]]:
    """(version, card) of the incumbent with its intercept moved: a version of its own, of base version and total
    shift. Its band cuts are those that hold from now on; what was measured stays as it was.
    """
    base = str(card.get("base_version", incumbent.version))
    total = round(float(card.get("recalibration", {}).get("total_shift", 0.0)) + found.shift, 4)
    version = hashlib.sha256(f"{base}|intercept {total:+.4f}".encode()).hexdigest()[:16]
    told = found.to_dict() | {"total_shift": total, "as_of": as_of.isoformat(), "moved_from": incumbent.version}
    moved = {"base_version": base, "recalibration": told, "learned_until": as_of.isoformat()}
    return version, card | moved | {"bands": moved_bands(incumbent.bands, found.shift)}


def _latest_only(examples: pd.DataFrame) -> int:
    """Examples of sources that keep the latest state only."""
    column = "is_latest_only"
    return int(examples[column].fillna(False).astype(bool).sum()) if column in examples else 0
