"""The world row of the readiness benchmark: how near the model comes to what can be known at all, where truth is known.

    python -m tests.benchmarks.models_world --leads 139000          # about 50,000 mature MQLs
    from tests.benchmarks.models_world import section               # what `make bench-models` calls

Trained on MQLs of the first part of time, judged by later ones, each weighed for those nobody worked. The Bayes limit
is the world's own P(SQL within 30 days | what was knowable at the MQL), if intake takes the lead up. Knowable are
protected attributes, too: the first row lets the model see them, so that both know the same; the second is the model as
shipped, and the difference is what protection costs. The third shows what comes of taking silence for a no.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from models_ml.readiness import ReadinessClassifier
from models_ml.readiness.columns import feature_frame, learn_schema, raw_features
from models_ml.readiness.labels import mature_labels
from models_ml.readiness.working import working_weights
from orchestration.criteria_files.load import load_criteria
from tests.benchmarks.world_examples import WorldExamples, world_examples
from tests.golden.builds import PROJECT

LEARNED_SHARE, EMBARGO, DRAWS = 0.65, pd.Timedelta(days=30), 400
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class WorldRow:
    """One way of learning, judged on the later MQLs whose outcome is known; intervals are 95 %, of resampled rows."""

    name: str
    learned_count: int
    judged_count: int
    tier: str
    auc: float
    bayes_auc: float
    gap: float
    gap_low: float
    gap_high: float
    average_precision: float
    log_loss: float
    bayes_log_loss: float
    mean_to_truth: float
    mean_to_truth_where_unworked: float
    actual_by_line: dict[str, float]
    truth_by_line: dict[str, float]
    cpu_seconds: float


def world_row(leads: int = 139_000, seed: int = 7, *, scratch: Path | None = None) -> list[WorldRow]:
    """Build the world and its examples, and judge both models and the one that takes silence for a no."""
    if scratch is None:
        with tempfile.TemporaryDirectory() as folder:
            return rows_of(world_examples(leads, seed, Path(folder)), seed)
    return rows_of(world_examples(leads, seed, scratch), seed)


def section(leads: int = 139_000, seed: int = 7) -> str:
    """The world's part of the page, as Markdown."""
    return as_markdown(world_row(leads, seed), leads, seed)


def as_markdown(rows: list[WorldRow], leads: int, seed: int) -> str:
    """A table of the rows, and what its columns are."""
    lines = []
    for row in rows:
        cells = [
            row.name, f"{row.auc:.3f}", f"{row.bayes_auc:.3f}",
            f"{row.gap:.3f} [{row.gap_low:.3f}, {row.gap_high:.3f}]",
            f"{row.average_precision:.3f}", f"{row.log_loss:.3f} (limit {row.bayes_log_loss:.3f})",
            f"{row.mean_to_truth:.3f}", f"{row.mean_to_truth_where_unworked:.3f}",
            _range(row.actual_by_line), _range(row.truth_by_line),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    names = (
        "model", "AUC", "Bayes limit", "below it by", "average precision", "log loss", "predicted / true",
        "the same, of leads nobody worked", "predicted / actual by line", "predicted / true by line",
    )  # fmt: skip
    head = f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n"
    return (
        f"### Clinic world, {leads:,} leads, truth known\n\nMQLs of the first {LEARNED_SHARE:.0%} of time "
        f"({rows[0].learned_count:,}, embargoed by {EMBARGO.days} days) → later ones whose outcome is known "
        f"({rows[0].judged_count:,}); tier {rows[0].tier}; seed {seed}; intervals: {DRAWS} bootstrap samples. To "
        "reach: AUC within .010 of the limit, predicted / actual in [.9, 1.1] per service line.\n\n"
    ) + (head + "\n".join(lines) + "\n")


def _range(ratios: dict[str, float]) -> str:
    named = {line: ratio for line, ratio in ratios.items() if line != "(none)"}
    return f"{min(named.values()):.2f} to {max(named.values()):.2f}"


def rows_of(world: WorldExamples, seed: int) -> list[WorldRow]:
    """The rows of examples that stand already."""
    barred = sorted(load_criteria(PROJECT.parent / "criteria").barred_from_models)
    return [
        _row("all that is knowable", world, (), seed),
        _row("as shipped, protected attributes barred", world, barred, seed),
        _row("as shipped, but not yet taken for no", world, barred, seed, is_naive=True),
    ]


def _row(name: str, world: WorldExamples, barred: Collection[str], seed: int, *, is_naive: bool = False) -> WorldRow:
    examples, labels = world.examples, mature_labels(world.examples, world.as_of)
    began = pd.to_datetime(examples["became_mql_at"])
    split = began.quantile(LEARNED_SHARE)
    later = (began > split).to_numpy()
    # Who takes silence for a no learns of the last thirty days, too, as far as they are over by the split.
    learned = (began <= (split if is_naive else split - EMBARGO)).to_numpy()
    if is_naive:
        labels = np.where(learned & ~(pd.to_datetime(examples["became_sql_at"]) <= split), 0, labels)
    started = time.process_time()
    frame, forecast, tier = _forecast(world, labels, learned, barred, seed, is_naive=is_naive)
    seconds = time.process_time() - started
    truly = mature_labels(world.examples, world.as_of)[later]
    judged = examples[later].reset_index(drop=True)
    weights = working_weights(frame[later].reset_index(drop=True), judged, truly, random_state=seed).weights
    forecast, truth, known = forecast[later], world.truth[later], weights > 0
    areas = [roc_auc_score(truly, each, sample_weight=weights) for each in (forecast, truth)]
    losses = [log_loss(truly, each, sample_weight=weights) for each in (forecast, truth)]
    low, high = _gap_interval(truly[known], forecast[known], truth[known], weights[known], seed)
    lines = judged["service_line"].fillna("(none)").to_numpy()
    return WorldRow(
        name, int(learned.sum()), int(known.sum()), tier, areas[0], areas[1], areas[1] - areas[0], low, high,
        float(average_precision_score(truly, forecast, sample_weight=weights)), losses[0], losses[1],
        float(forecast.mean() / truth.mean()), float(forecast[~known].mean() / truth[~known].mean()),
        _ratios(lines, forecast, truly, weights), _ratios(lines, forecast, truth, np.ones(len(truth))), seconds,
    )  # fmt: skip


def _forecast(
    world: WorldExamples, labels: npt.ArrayLike, learned: Rows, barred: Collection[str], seed: int, *, is_naive: bool
) -> tuple[pd.DataFrame, Floats, str]:
    raw = raw_features(world.examples, world.attributes, excluded_attributes=barred)
    schema = learn_schema(raw[learned])
    frame, outcomes = feature_frame(raw, schema), np.asarray(labels)
    weights, used = np.ones(int(learned.sum())), np.ones(int(learned.sum()), dtype=bool)
    if not is_naive:
        part = frame[learned].reset_index(drop=True), world.examples[learned].reset_index(drop=True)
        working = working_weights(*part, outcomes[learned], random_state=seed)
        weights, used = working.weights, working.is_used
    model = ReadinessClassifier(points=schema.points, random_state=seed)
    model.fit(frame[learned][used], outcomes[learned][used], sample_weight=weights[used])
    return frame, np.asarray(model.predict_proba(frame)[:, 1]), str(model.tier_)


def _gap_interval(
    labels: npt.NDArray[np.int8], forecast: Floats, truth: Floats, weights: Floats, seed: int
) -> tuple[float, float]:
    """95 % interval of how far the forecast's AUC lies below the truth's, by resampled rows."""
    random = np.random.default_rng(seed)
    gaps = []
    for _ in range(DRAWS):
        drawn = random.integers(0, len(labels), len(labels))
        best, reached = (
            roc_auc_score(labels[drawn], each[drawn], sample_weight=weights[drawn]) for each in (truth, forecast)
        )
        gaps.append(best - reached)
    low, high = np.quantile(gaps, [0.025, 0.975])
    return float(low), float(high)


def _ratios(
    lines: npt.NDArray[np.object_], forecast: Floats, other: npt.ArrayLike, weights: Floats
) -> dict[str, float]:
    """Mean forecast of all rows to the weighted mean of something else, by service line."""
    against, found = np.asarray(other), {}
    for line in sorted(set(lines)):
        rows = lines == line
        found[str(line)] = round(float(forecast[rows].mean() / np.average(against[rows], weights=weights[rows])), 3)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=139_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    found = world_row(given.leads, given.seed)
    print(as_markdown(found, given.leads, given.seed))
    for row in found:
        print(*(f"{name}: {value}" for name, value in asdict(row).items()), sep="\n", end="\n\n")
