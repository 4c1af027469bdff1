"""The model card, for those who work by its scores: what readiness says, how good it is, what it rests on.

A card (`models_ml.readiness.card`), what the latest training said, and control leads in; sections of a page out. The
first part, for everybody, stands here; what it rests on in `readiness_grounds`. No figures are worked out in either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestration.report import readiness_grounds, words
from orchestration.report.parts import Card, Figure, Panel, Section, Table
from orchestration.report.plots import Dot, dot_rows
from orchestration.report.readiness_plots import calibration_svg, gain_svg
from orchestration.report.words import Names

TITLE = "How far to trust readiness"
FORECASTS = {
    "model": "readiness",
    "incumbent": "the model from before",
    "points": "the criteria's points",
    "lead_frequency": "a CRM's lead scoring",
    "base_rate": "nothing: one chance for all",
}
_GROUPS = (("service_line", "service line"), ("channel", "channel"), ("month", "month"))
Content = Mapping[str, Any]


def card_sections(
    card: Content,
    *,
    version: str,
    latest: Content | None = None,
    control: Content | None = None,
    names: Names | None = None,
) -> list[Section]:
    """The sections of a trained model's card.

    Parameters
    ----------
    card
        as training wrote it.
    version
        of the model.
    latest
        `promotion` and `alarms` of the latest training; None: those of the card.
    control
        `models_ml.readiness.feedback.control_report`; None or {}: nothing is known yet.
    names
        what service lines and channels are called.
    """
    told = {**card, **(latest or {})}
    called = names or Names()
    return [
        _bands(card),
        _calibration(card, called),
        _gain(card),
        _compared(card),
        readiness_grounds.verdict(told, version),
        readiness_grounds.alarms(told),
        readiness_grounds.learned(card, called),
        readiness_grounds.protected(card, called),
        readiness_grounds.control(control or {}),
        readiness_grounds.details(card, version),
    ]


def answers_for(card: Content) -> datetime:
    """The moment a card answers for: when its model was trained, or last moved."""
    return datetime.fromisoformat(str(card.get("learned_until", card["trained_as_of"])))


def measured(card: Content, name: str = "model") -> Content:
    """Measures of a forecast on the hold-out; weighted where leads were weighted."""
    own: Content = card["holdout"]["measures"][name]
    return {**own, **own.get("weighted", {})}


def horizon_words(card: Content, called: Names | None = None) -> str:
    """Within how many days."""
    horizons = card["horizons"]
    own = [
        f"{(called or Names()).say('service_line', line)}: {words.days(days)}"
        for line, days in sorted(horizons.items())
        if line != "default"
    ]
    return words.days(horizons["default"]) + (f" ({'; '.join(own)})" if own else "")


def share(interval: Content) -> str:
    """So many of a hundred, with limits."""
    if interval["estimate"] is None:
        return words.NO_VALUE
    low, high = (round(100 * float(interval[side])) for side in ("lower", "upper"))
    return f"{words.of_a_hundred(interval['estimate'])} (95 %: {low} to {high})"


def held_out(card: Content) -> str:
    """The leads everything is judged by, in words."""
    counts = card["counts"]
    first, last = (words.day(datetime.fromisoformat(str(card[name]))) for name in ("split_at", "holdout_until"))
    return (
        f"{words.count(counts['holdout_examples'])} leads that became MQL from {first} to {last} "
        f"({words.count(counts['holdout_converted'])} became SQL)"
    )


def _bands(card: Content) -> Section:
    rows = {str(row["group"]): row for row in card["holdout"]["by_band"]}
    said = [
        f"Readiness is the chance that a lead becomes SQL within {horizon_words(card)} of becoming MQL, if intake works "
        "it. Each lead gets it once, when it becomes MQL, from what was known of it then; it does not change afterwards.",
        f"The bands cut it in three: `high` is the best fifth of leads, `low` the lower half, `medium` what lies between. "
        f"How they did was tried on {held_out(card)}; the model had learned nothing from these.",
    ]
    table = Table(
        "Of leads in a band, how many became SQL",
        ("band", "readiness", "leads", "forecast", "became SQL", "95 % interval"),
        tuple(
            (
                name,
                _cut(name, card["bands"]),
                words.count(row["rows"]),
                words.of_a_hundred(row["mean_predicted"]),
                words.of_a_hundred(row["observed_rate"]["estimate"]),
                words.percent_range(row["observed_rate"]["lower"], row["observed_rate"]["upper"]),
            )
            for name, row in rows.items()
        ),
    )
    top = rows.get("high", next(iter(rows.values())))
    rests = tuple(
        f"{name.capitalize()}: {words.of_a_hundred(row['observed_rate']['estimate'])}"
        for name, row in rows.items()
        if name != top["group"]
    )
    front = Card(
        "What a band means",
        words.of_a_hundred(top["observed_rate"]["estimate"]),
        f"leads in the band {top['group']} became SQL",
        (*rests, f"Tried on {held_out(card)}"),
        words.percent_range(top["observed_rate"]["lower"], top["observed_rate"]["upper"]),
    )
    beware = (
        "A band is about many leads. A single lead of the band high may well not become SQL, one of the band low may.",
        "Readiness says who is likely to get there when worked, not who gains most from a call: a lead that would book by "
        "itself has a high one, too.",
    )
    return Section("bands", "What a score means", tuple(said), beware, (), (table,), front)


def _cut(name: str, bands: Content) -> str:
    high, medium = (words.percent(bands[cut]) for cut in ("high", "medium"))
    return {"high": f"{high} or more", "medium": f"{medium} to {high}", "low": f"under {medium}"}[name]


def _calibration(card: Content, called: Names) -> Section:
    model = measured(card)
    ratio, bins = model["predicted_over_actual"], model["calibration"]
    figure = Figure(
        "Forecast and what came of it",
        "Each mark is about a tenth of the leads, from the least ready to the readiest: to the right what was forecast, "
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
            "Forecast and seen, by tenths",
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
    groups = [found for name, said in _GROUPS if (found := _group(card, name, said, called))]
    front = Card(
        "Forecast against seen",
        words.decimal(ratio["estimate"]),
        "SQLs forecast for each one seen; 1 is as it should be",
        (_balance(ratio),),
        _range(ratio),
    )
    return Section("calibration", "Can the number be taken as it stands?", (_balance(ratio),), (), (figure, *groups),
                   (), front)  # fmt: skip


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
    label = (lambda code: words.month(code)) if name == "month" else (lambda code: called.say(name, code))
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
    table = Table(
        f"Forecast and seen, by {said}",
        (said, "leads", "forecast", "became SQL", "95 % interval", "forecast for each one seen"),
        tuple(
            (
                label(str(row["group"])),
                words.count(row["rows"]),
                words.percent(row["mean_predicted"]),
                words.percent(row["observed_rate"]["estimate"]),
                words.percent_range(row["observed_rate"]["lower"], row["observed_rate"]["upper"]),
                f"{words.decimal(row['predicted_over_actual']['estimate'])} ({_range(row['predicted_over_actual'])})",
            )
            for row in rows
        ),
    )
    caption = f"Full marks: became SQL, with 95 % interval (hollow: fewer than {words.FEW} leads). ◇ forecast."
    alt = words.gist(
        f"{dot.label}: {words.percent(dot.value)} became SQL, {words.percent(dot.others[0][0])} forecast" for dot in dots
    )
    svg = dot_rows(dots, axis=words.axis_percent, name=f"by-{name}")
    return Figure(f"By {said}", caption, (Panel("", svg, alt),), table)


def _gain(card: Content) -> Section:
    gain, others = card["holdout"]["gain"], card["holdout"].get("gain_of_baselines", {})
    reached = gain["at_capacity"]["gain"]
    called_share = words.of_a_hundred(gain["capacity_share"])
    curves = {"readiness": gain["curve"], **{FORECASTS[name]: rows["curve"] for name, rows in others.items()}}
    beside = [
        f"by {FORECASTS[name]} {words.of_a_hundred(rows['at_capacity']['gain']['estimate'])}" for name, rows in others.items()
    ]
    said = [
        f"Intake can call about {called_share} new MQLs ({gain['capacity']}). Called by readiness, the best {called_share} "
        f"hold {share(reached)} of all leads that become SQL; {'; '.join([*beside, f'in any order {called_share}'])}.",
    ]
    rows = [gain["at_capacity"], *(row for row in gain["curve"] if round(100 * row["share"]) in (10, 20, 30, 50, 70))]
    table = Table(
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
    caption = "To the right the share of leads called, the readiest first; upwards the share of all SQLs among them."
    picture = gain_svg(curves, capacity=float(gain["capacity_share"]), name="gain")
    figure = Figure("What calling by readiness reaches", caption, (Panel("", picture, said[0]),), table)
    front = Card(
        "What it is worth to intake",
        words.of_a_hundred(reached["estimate"]),
        f"of the leads that become SQL are among the best {called_share} by readiness",
        (*(each.capitalize() for each in beside), f"In any order: {called_share}"),
        words.percent_range(reached["lower"], reached["upper"]),
    )
    beware = ("Who is called late is not called never: what order is worth in time is on the page of the handoff.",)
    return Section("gain", "What it saves intake", tuple(said), beware, (figure,), (), front)


def _compared(card: Content) -> Section:
    table = Table(
        f"The same {words.count(card['counts']['holdout_examples'])} leads, forecast in other ways",
        ("forecast by", "log loss", "tells SQLs apart (AUC)", "average precision", "Brier score", "forecast for each one seen"),
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
        f"Readiness is {_plain_verdict(card['holdout']['verdict'])}.",
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


def _plain_verdict(verdict: str) -> str:
    return verdict.replace("the lead frequency", "a CRM's lead scoring")
