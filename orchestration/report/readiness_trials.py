"""How a readiness model did on leads it had not learned from: against what came, in calling, against other "
"forecasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.report import words
from orchestration.report.parts import Card, Figure, Panel, Section, Table
from orchestration.report.plots import Dot, dot_rows
from orchestration.report.readiness_plots import calibration_svg, gain_svg
from orchestration.report.readiness_words import FORECASTS, Content, measured, share, weighted_words
from orchestration.report.words import Names

_GROUPS = (("service_line", "service line"), ("channel", "channel"), ("month", "month"))
# Where intake calls more than so many, who is called first is looked at instead: the best fifth.
_NEARLY_ALL, _FIRST = 0.6, 0.2


def calibration(card: Content, called: Names) -> Section:
    """Forecast beside what came: in tenths, by service line, channel and month."""
    model = measured(card)
    ratio = model["predicted_over_actual"]
    groups = [found for name, said in _GROUPS if (found := _group(card, name, said, called))]
    front = Card(
        "Forecast against seen",
        words.decimal(ratio["estimate"]),
        "SQLs forecast for each one seen; 1 is as it should be",
        (_balance(ratio),),
        _range(ratio),
    )
    figures = (_tenths(model["calibration"], weighted_words(card)), *groups)
    return Section("calibration", "Can the number be taken as it stands?", (_balance(ratio),), (), figures, (), front)


def _tenths(bins: Sequence[Content], weighted: str) -> Figure:
    return Figure(
        "Forecast and what came of it",
        "Each mark is about a tenth of the leads, from the least ready to the readiest: to the right what was "
        "forecast, "
        "upwards how many became SQL. On the dashed line both are the same; the upright strokes are 95 % intervals.",
        (
            Panel(
                "",
                calibration_svg(bins, name="calibration"),
                words.gist(
                    f"forecast {words.percent(row['mean_predicted'])}, became SQL {words.percent(row['observed_rate'])}"
                    for row in bins
                ),
            ),
        ),
        Table(
            f"Forecast and seen, by tenths{weighted}",
            ("tenth", "leads", "forecast", "became SQL", "95 % interval"),
            tuple(
                (
                    f"{row['bin']:.0f}",
                    words.count(row["count"]),
                    words.percent(row["mean_predicted"]),
                    words.percent(row["observed_rate"]),
                    words.percent_range(row["lower"], row["upper"]),
                )
                for row in bins
            ),
        ),
    )


def _balance(ratio: Content) -> str:
    if ratio["estimate"] is None or ratio["lower"] is None:
        return "None of the leads it was tried on became SQL, so the level of its forecasts cannot be judged."
    if ratio["lower"] <= 1 <= (ratio["upper"] or float("inf")):
        return "In all, as many leads became SQL as forecast, as far as the number of leads can tell."
    side = "more" if ratio["estimate"] > 1 else "fewer"
    return (
        f"In all it forecast {side} SQLs than came: {words.decimal(ratio['estimate'])} for each one seen. The order of "
        "leads is not touched by that, the percentages are."
    )


def _range(interval: Content) -> str:
    return " to ".join(words.decimal(interval[side]) for side in ("lower", "upper"))


def _group(card: Content, name: str, said: str, called: Names) -> Figure | None:
    rows: Sequence[Content] = card["holdout"].get(f"by_{name}", ())
    if not rows:
        return None

    def label(code: str) -> str:
        return words.month(code) if name == "month" else called.say(name, code)

    dots = [
        Dot(
            label(str(row["group"])),
            f"{words.count(row['rows'])} leads",
            row["observed_rate"]["estimate"],
            row["observed_rate"]["lower"],
            row["observed_rate"]["upper"],
            row["rows"] < words.FEW,
            ((row["mean_predicted"], "D"),),
        )
        for row in rows
    ]
    table = _group_table([(dot.label, row) for dot, row in zip(dots, rows, strict=True)], said, weighted_words(card))
    caption = (
        f"Full marks: became SQL, with 95 % interval (hollow: fewer than {words.FEW} leads). ◇ forecast; where none is "
        "seen it lies under the mark."
    )
    alt = words.gist(
        f"{dot.label}: {words.percent(dot.value)} became SQL, {words.percent(dot.others[0][0])} forecast"
        for dot in dots
    )
    svg = dot_rows(dots, axis=words.axis_percent, name=f"by-{name}")
    return Figure(f"By {said}", caption, (Panel("", svg, alt),), table)


def _group_table(rows: Sequence[tuple[str, Content]], said: str, weighted: str) -> Table:
    return Table(
        f"Forecast and seen, by {said}{weighted}",
        (said, "leads", "forecast", "became SQL", "95 % interval", "forecast for each one seen"),
        tuple(
            (
                label,
                words.count(row["rows"]),
                words.percent(row["mean_predicted"]),
                words.percent(row["observed_rate"]["estimate"]),
                words.percent_range(row["observed_rate"]["lower"], row["observed_rate"]["upper"]),
                f"{words.decimal(row['predicted_over_actual']['estimate'])} ({_range(row['predicted_over_actual'])})",
            )
            for label, row in rows
        ),
    )


def gain(card: Content) -> Section:
    """What calling the readiest first reaches."""
    told, others = card["holdout"]["gain"], card["holdout"].get("gain_of_baselines", {})
    reached = told["at_capacity"]["gain"]
    called_share = words.of_a_hundred(told["capacity_share"])
    curves = {"readiness": told["curve"], **{FORECASTS[name]: rows["curve"] for name, rows in others.items()}}
    # Where intake calls nearly everybody in the end, what an order is worth shows in who is called first.
    first = _FIRST if told["capacity_share"] > _NEARLY_ALL else float(told["capacity_share"])
    best = told["at_capacity"] if first != _FIRST else _at(told["curve"], first)
    baselines = {
        name: rows["at_capacity"] if first != _FIRST else _at(rows["curve"], first) for name, rows in others.items()
    }
    beside = [f"by {FORECASTS[name]} {words.of_a_hundred(row['gain']['estimate'])}" for name, row in baselines.items()]
    said = [
        f"Intake can call about {called_share} new MQLs ({told['capacity']}). Called by readiness, these hold "
        f"{share(reached)} of all leads that become SQL; in any order it would be {called_share}.",
        f"Of all leads that become SQL, {share(best['gain'])} are among the best {words.of_a_hundred(first)} by "
        f"readiness; {'; '.join([*beside, f'in any order {words.of_a_hundred(first)}'])}.",
    ]
    caption = "To the right the share of leads called, the readiest first; upwards the share of all SQLs among them."
    picture = gain_svg(curves, capacity=float(told["capacity_share"]), name="gain")
    figure = Figure("What calling by readiness reaches", caption, (Panel("", picture, said[0]),), _gain_table(told))
    front = Card(
        "What it is worth to intake",
        words.of_a_hundred(best["gain"]["estimate"]),
        f"leads that become SQL are among the best {words.of_a_hundred(first)} by readiness",
        (*(each[0].upper() + each[1:] for each in beside), f"In any order: {words.of_a_hundred(first)}"),
        words.percent_range(best["gain"]["lower"], best["gain"]["upper"]),
    )
    beware = (
        "Who is called later is still called. How long leads wait for a call is in the report, under Called in time.",
    )
    return Section("gain", "What calling by it is worth", tuple(said), beware, (figure,), (), front)


def _at(curve: Sequence[Content], of: float) -> Content:
    return next(row for row in curve if round(100 * row["share"]) == round(100 * of))


def compared(card: Content) -> Section:
    """The model beside everything else one could go by."""
    table = Table(
        f"The same {words.count(card['counts']['holdout_examples'])} leads, forecast in other ways"
        f"{weighted_words(card)}",
        (
            "forecast by",
            "log loss",
            "tells SQLs apart (AUC)",
            "average precision",
            "Brier score",
            "forecast for each one seen",
        ),
        tuple(
            (
                FORECASTS.get(name, name.replace("_", " ")),
                words.decimal(found["log_loss"], 4),
                _auc(found["auc"]),
                words.decimal(found["average_precision"], 3),
                words.decimal(found["brier"], 4),
                words.decimal(found["predicted_over_actual"]["estimate"]),
            )
            for name in FORECASTS
            if name in card["holdout"]["measures"]
            for found in [measured(card, name)]
        ),
    )
    said = [
        *_beaten(card["holdout"]),
        "Log loss and the Brier score say how far the forecast chances lie from what came (less is better). AUC is how "
        "often, of one lead that became SQL and one that did not, the first had the higher forecast: 0.5 is chance, 1 "
        "always.",
    ]
    if "points" not in card["holdout"]["measures"]:
        said.append("There are no points of criteria to compare with.")
    return Section("compared", "Against what else one could go by", tuple(said), tables=(table,))


def _auc(found: Any) -> str:
    estimate = found["estimate"] if isinstance(found, Mapping) else found
    return words.decimal(estimate, 3)


def _beaten(holdout: Content) -> list[str]:
    """Whom the model is better than, by the interval of the difference in log loss."""
    found: dict[str, list[str]] = {"better": [], "open": [], "worse": []}
    for name, called in FORECASTS.items():
        difference = holdout.get(f"model_minus_{name}")
        if difference:
            key = "better" if difference["upper"] < 0 else "worse" if difference["lower"] > 0 else "open"
            found[key].append(called.replace("one chance for all", "giving every lead the same chance"))
    said = {
        "better": "Readiness forecasts surely better than",
        "open": "It cannot be told from",
        "worse": "It is surely worse than",
    }
    return [f"{said[key]} {words.joined(names)}." for key, names in found.items() if names]


def _gain_table(told: Content) -> Table:
    rows = [told["at_capacity"], *(row for row in told["curve"] if round(100 * row["share"]) in (10, 20, 30, 50, 70))]
    return Table(
        "Of all leads that become SQL, how many are among the best by readiness",
        ("called", "of SQLs reached", "95 % interval", "times as many as in any order"),
        tuple(
            (
                words.of_a_hundred(row["share"]) + (" (what intake can call)" if place == 0 else ""),
                words.of_a_hundred(row["gain"]["estimate"]),
                words.percent_range(row["gain"]["lower"], row["gain"]["upper"]),
                words.decimal(row["lift"]["estimate"], 1),
            )
            for place, row in enumerate(rows)
        ),
    )
