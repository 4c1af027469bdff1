"""`make bench-models`: readiness beside the plain ways on public data, and what it costs, into docs/readiness.md.

    python -m tests.benchmarks.models --out docs/readiness.md

The held-out part of a table is looked at once, for the classifier as it stands; candidates are compared inside the
training part, never here. Without the data folder nothing is written, and the exit code is 2.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from models_ml.metrics import paired_difference, row_log_loss
from models_ml.readiness import ReadinessClassifier
from tests.benchmarks.measure import machine
from tests.benchmarks.models_data import DATA, Split, olist, thinned, x_education
from tests.benchmarks.models_plain import (
    base_rate,
    naive_bayes,
    plain_boosting,
    spline_logistic,
    splines_and_boosting,
)
from tests.benchmarks.models_speed import speed_section
from tests.benchmarks.pages import write_between

Floats = npt.NDArray[np.float64]
SEED, DRAWS, REPEATS = 7, 20, 300
MEASURES: tuple[Callable[..., float], ...] = (roc_auc_score, average_precision_score, log_loss)


def readiness(split: Split, seed: int) -> Floats:
    """The classifier as it comes."""
    model = ReadinessClassifier(random_state=seed).fit(split.learn, split.learn_labels)
    return np.asarray(model.predict_proba(split.judge)[:, 1])


WAYS: dict[str, Callable[[Split, int], Floats]] = {
    "**readiness**": readiness,
    "splines + conservative boosting": splines_and_boosting,
    "spline logistic": spline_logistic,
    "plain boosting": plain_boosting,
    "naive Bayes (lead frequency)": naive_bayes,
    "base rate": base_rate,
}
HEAD = "| way | AUC | average precision | log loss | readiness − it, log loss |\n|---|---|---|---|---|\n"


def main() -> None:
    """Measure and write the sections."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--only", default="", help="part of a section's name: xeducation, olist, thinned, world, speed")
    words.add_argument("--out", type=Path, help="page with the markers; else the sections are printed only")
    given = words.parse_args()
    if not (DATA / "x_education").is_dir():
        print(f"the public data are not beside this checkout ({DATA.name} in {DATA.parent.name}); nothing is measured")
        sys.exit(2)
    told = "\n".join(make() for name, make in sections().items() if given.only in name)
    told = f"Measured on {machine()}.\n\n{told}"
    print(told)
    if given.out:
        write_between(given.out, told, name="bench-models")


def sections() -> dict[str, Callable[[], str]]:
    """The sections by name."""
    found: dict[str, Callable[[], str]] = {
        "xeducation": lambda: table(
            "X Education, first 70 % → last 30 %",
            x_education(),
            "Best measured before .903 / .872 / .385; to reach AUC ≥ .903, log loss ≤ .386.",
        ),
        "olist": lambda: table(
            "Olist, won within 90 days, January–March → April–May 2018",
            olist(),
            "Best measured before .697 / .196 / .314; to reach AUC ≥ .697, log loss ≤ .314.",
        ),
        "thinned": draws_table,
    }
    if importlib.util.find_spec("tests.benchmarks.models_world"):
        world = importlib.import_module("tests.benchmarks.models_world")
        found["world"] = lambda: str(world.section())
    return found | {"speed": lambda: speed_section(SEED)}


def table(title: str, split: Split, aim: str) -> str:
    """One held-out part: each way with bootstrap intervals, and the paired bootstrap against readiness."""
    forecasts = {name: way(split, SEED) for name, way in WAYS.items()}
    labels = split.judge_labels
    samples = [np.random.default_rng([SEED, each]).integers(0, len(labels), len(labels)) for each in range(REPEATS)]
    ours = row_log_loss(labels, forecasts["**readiness**"])
    lines = []
    for name, forecast in forecasts.items():
        cells = []
        for measure in MEASURES:
            draws = [measure(labels[rows], forecast[rows]) for rows in samples]
            low, high = np.quantile(draws, [0.025, 0.975])
            cells.append(f"{measure(labels, forecast):.3f} [{low:.3f}, {high:.3f}]")
        gap = paired_difference(ours, row_log_loss(labels, forecast), seed=SEED)
        against = f"{gap.estimate:+.4f} [{gap.lower:+.4f}, {gap.upper:+.4f}]" if name != "**readiness**" else ""
        lines.append(f"| {name} | {' | '.join(cells)} | {against} |")
    counts = f"{len(split.learn):,} leads with {split.learn_labels.sum():,} conversions → {len(labels):,} with "
    counts += f"{labels.sum():,}; seed {SEED}; intervals: {REPEATS:,} bootstrap samples of the held-out part."
    return f"### {title}\n\n{counts} {aim} No points exist in these data.\n\n{HEAD}" + "\n".join(lines) + "\n"


def draws_table() -> str:
    """The mean over draws of thinned data; intervals are of that mean, differences are paired by draw."""
    whole = x_education()
    scores: dict[str, list[list[float]]] = {name: [] for name in WAYS}
    for seed in range(DRAWS):
        split = thinned(whole, seed)
        for name, way in WAYS.items():
            forecast = way(split, seed)
            scores[name].append([measure(split.judge_labels, forecast) for measure in MEASURES])
    lines = []
    ours = np.array(scores["**readiness**"])
    for name, found in scores.items():
        values = np.array(found)
        reach = 2.093 * values.std(axis=0, ddof=1) / DRAWS**0.5
        cells = [f"{m:.3f} [{m - r:.3f}, {m + r:.3f}]" for m, r in zip(values.mean(axis=0), reach, strict=True)]
        gap = paired_difference(ours[:, 2], values[:, 2], seed=SEED)
        against = f"{gap.estimate:+.4f} [{gap.lower:+.4f}, {gap.upper:+.4f}]" if name != "**readiness**" else ""
        lines.append(f"| {name} | {' | '.join(cells)} | {against} |")
    words = (
        f"500 leads with 40 conversions drawn from the first 70 %, judged on the last 30 % thinned to the same rate; "
        f"seeds 0 … {DRAWS - 1}; means over draws, intervals of the mean (t). Best measured before: .837, "
        "log loss .217; to reach log loss ≤ .215. No points exist in these data."
    )
    return f"### X Education thinned, {DRAWS} draws\n\n{words}\n\n{HEAD}" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
