"""What the readiness classifier costs: CPU seconds on one thread for 100,000 rows of 25 columns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from models_ml.readiness import ReadinessClassifier

ROWS, NUMBERS, LEVELS = 100_000, 13, (3, 5, 8, 12, 20, 30, 60, 100, 400, 4, 6, 2)
EXPLAINED, REPEATS = 10_000, 3


def leads(rows: int, seed: int) -> tuple[pd.DataFrame, Any]:
    """Rows of 13 numbers and 12 texts, some missing, and outcomes that depend on a few of them."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({f"number {place}": random.gamma(1.5, size=rows) for place in range(NUMBERS)})
    for place, levels in enumerate(LEVELS):
        names = np.array([f"level {level}" for level in range(levels)], dtype=object)
        frame[f"text {place}"] = names[random.integers(0, levels, rows)]
    odds = frame["number 0"] - frame["number 2"] / 2 + (frame["text 1"] == "level 1") - 2.0
    odds += 0.2 * frame["number 3"] * frame["number 4"]
    frame.loc[random.random(rows) < 0.2, "number 1"] = np.nan
    frame.loc[random.random(rows) < 0.2, "text 3"] = None
    return frame, (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(int).to_numpy()


def speed_section(seed: int, rows: int = ROWS) -> str:
    """The section on speed, as Markdown."""
    frame, labels = leads(rows, seed)
    model = ReadinessClassifier(random_state=seed)
    with threadpool_limits(limits=1):
        fit = _seconds(lambda: model.fit(frame, labels))
        prepared = model._prepared(frame)
        booster = model.model_.parts[-1]
        matrix = booster.matrix(prepared)
        whole = min(_seconds(lambda: model.predict_proba(frame)) for _ in range(REPEATS))
        bare = min(_seconds(lambda: booster.booster.predict_proba(matrix)) for _ in range(REPEATS))
        explain = _seconds(lambda: model.contributions(frame[:EXPLAINED]))
    return "\n".join(
        [
            f"### Speed ({rows:,} × {frame.shape[1]}, tier {model.tier_}, CPU seconds on one thread, seed {seed})",
            "",
            "| step | measured | to reach |",
            "|---|---|---|",
            f"| fit, cross-fitting included | {fit:.1f} s | ≤ 60 s |",
            f"| scoring: throughput against the bare boosting's predict_proba on a ready matrix | "
            f"{bare / whole:.2f} ({whole:.2f} s against {bare:.2f} s) | ≥ 0.8 |",
            f"| contributions of {min(EXPLAINED, rows):,} leads | {explain:.1f} s | ≤ 20 s |",
            "",
        ]
    )


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
