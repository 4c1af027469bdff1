"""Why a score is what it is: what each fact of the lead adds to the log odds, and the strongest of them in words.

Contributions are the classifier's own and sum to the score's log odds; columns that speak of one thing (how often and
how lately somebody did it) are one reason. What a reason says is `phrases`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from models_ml.readiness.phrases import Words, phrase, theme_of

Floats = npt.NDArray[np.float64]
# A reason moves the probability by at least so much; `much` and `a little` by more and by less than these.
SMALLEST, LITTLE, MUCH = 0.01, 0.03, 0.10
MOST, LONGEST = 3, 150
KEPT, SCALE = 8, 6
TYPICAL = "nothing stands out from other leads"
REST, BASE = "(rest)", "(base)"


@dataclass(frozen=True)
class Explained:
    """Of each row the reasons in words, and the contributions as JSON text (a list, strongest first)."""

    reasons: list[str]
    contributions: list[str]


def explain_scores(
    frame: pd.DataFrame, pulls: pd.DataFrame, base: float, levels: Mapping[str, Collection[str]], words: Words
) -> Explained:
    """Explain each row by itself.

    Parameters
    ----------
    frame
        raw columns of the rows (`columns.feature_frame`).
    pulls
        contributions in log odds, the same columns.
    base
        the log odds of a lead without any contribution.
    levels
        codes the model knows, by column.
    words
        how things are called.
    """
    themes = _themes(frame.columns, words)
    # Rounded first, so that the order of reasons cannot hang on the last bits.
    values = np.column_stack([pulls[list(columns)].sum(axis=1).to_numpy() for columns in themes.values()])
    values = np.round(values, SCALE)
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :KEPT]
    total = base + pulls.to_numpy(dtype=np.float64).sum(axis=1)
    cells = {str(name): frame[name].to_list() for name in frame.columns}
    names = list(themes)
    reasons, contributions = [], []
    for row, places in enumerate(order):
        strongest = [(names[place], float(values[row, place])) for place in places]
        facts = [{column: cells[column][row] for column in themes[name]} for name, _ in strongest]
        told = [phrase(name, of, levels.get(name, ()), words) for (name, _), of in zip(strongest, facts, strict=True)]
        reasons.append(_sentence(told[:MOST], [pull for _, pull in strongest[:MOST]], float(total[row])))
        contributions.append(_as_json(strongest, told, base, float(total[row])))
    return Explained(reasons, contributions)


def moved(logits: float, pull: float) -> float:
    """By how much a contribution moves the probability: the score less what it were without it."""
    return float(expit(logits) - expit(logits - pull))


def strength(change: float) -> str:
    """A change of the probability in words."""
    how = " much" if abs(change) >= MUCH else " a little" if abs(change) < LITTLE else ""
    return f"{'raised' if change > 0 else 'lowered'}{how}"


def _themes(columns: pd.Index, words: Words) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in columns:
        found.setdefault(theme_of(str(name), words), []).append(str(name))
    return {theme: tuple(names) for theme, names in found.items()}


def _sentence(told: Sequence[str], pulls: Sequence[float], logits: float) -> str:
    """As many of the strongest reasons as are worth a word and have room."""
    said = ""
    for text, pull in zip(told, pulls, strict=True):
        change = moved(logits, pull)
        if abs(change) < SMALLEST:
            break
        more = f"{said}{'; ' if said else ''}{strength(change)}: {text}"
        if len(more) > LONGEST:
            # A reason is said whole or not at all.
            continue
        said = more
    return said or TYPICAL


def _as_json(strongest: Sequence[tuple[str, float]], told: Sequence[str], base: float, total: float) -> str:
    parts: list[dict[str, Any]] = [
        {"feature": name, "says": says, "log_odds": pull}
        for (name, pull), says in zip(strongest, told, strict=True)
        if pull
    ]
    rest = round(total - base - sum(pull for _, pull in strongest), SCALE)
    parts += [{"feature": REST, "log_odds": rest}, {"feature": BASE, "log_odds": round(base, SCALE)}]
    return json.dumps(parts, separators=(",", ":"))
