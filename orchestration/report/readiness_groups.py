"""How scores did by groups the model must not know of: a table and a verdict in words. The figures are the card's
(`models_ml.readiness.fairness`).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.report import words
from orchestration.report.parts import Table
from orchestration.report.readiness_words import Content, value_words

_NOT_TOLD = "(none)"


def groups_words(rows: Sequence[Content]) -> list[str]:
    """Whether scores are as right for one group as for another, as far as the leads can tell."""
    if not rows:
        return [
            "Whether scores are as right for one group as for another could not be tried: too few leads have told what "
            "is barred."
        ]
    says = [
        "Are scores as right for one group as for another? On the leads it was tried on, forecasts and outcomes were "
        "held against each other within each group (those of 30 leads or more; the table). A score that is fair in "
        "this sense forecasts 1 SQL for each one seen in every group. Groups may still differ in how many of their "
        "leads are marked high, where they differ in how many become SQL."
    ]
    for side, how in (("low", "fewer"), ("high", "more")):
        off = [_called(row) for row in rows if _side(row) == side]
        if off:
            wrong = "their scores are too low" if side == "low" else "their scores are too high"
            says.append(
                f"It forecast {how} SQLs than came, beyond chance, for {words.joined(off)}: {wrong}. Bear that in mind "
                "where their place in a queue hangs on it."
            )
    says.append(
        "For the others a difference from 1 may be chance."
        if any(_side(row) for row in rows)
        else "In no group did forecasts and outcomes differ beyond chance."
    )
    says.append(
        f"Of {len(rows)} groups about {max(1, round(len(rows) / 20))} would be off by chance alone (95 % intervals), "
        "and a group of few leads may be off without anybody seeing it."
    )
    return says


def groups_table(rows: Sequence[Content], weighted: str) -> tuple[Table, ...]:
    """The groups with their figures; nothing without any."""
    if not rows:
        return ()
    header = ("attribute", "value", "leads", "marked high", "forecast", "became SQL", "95 % interval",
              "forecast for each one seen")  # fmt: skip
    told = tuple(
        (
            words.plain(row["attribute"]),
            _value(row),
            words.count(row["rows"]),
            words.percent(row["high_rate"]),
            words.percent(row["mean_predicted"]),
            words.percent(row["observed_rate"]["estimate"]),
            words.percent_range(row["observed_rate"]["lower"], row["observed_rate"]["upper"]),
            f"{words.decimal(row['predicted_over_actual']['estimate'])} "
            f"({words.decimal(row['predicted_over_actual']['lower'])} to "
            f"{words.decimal(row['predicted_over_actual']['upper'])})",
        )
        for row in rows
    )
    return (Table(f"Forecast and seen, by what it must not know{weighted}", header, told, numeric_from=2),)


def _side(row: Content) -> str | None:
    """Whether forecasts of a group were too low or too high, beyond chance."""
    ratio = row["predicted_over_actual"]
    if ratio["lower"] is None or ratio["upper"] is None:
        return None
    return "low" if ratio["upper"] < 1 else "high" if ratio["lower"] > 1 else None


def _called(row: Content) -> str:
    return f"{words.plain(row['attribute'])} {_value(row)}"


def _value(row: Content) -> str:
    return "not told" if row["group"] == _NOT_TOLD else value_words(str(row["attribute"]), str(row["group"]))
