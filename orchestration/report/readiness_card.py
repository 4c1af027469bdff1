"""The model card, for those who work by its scores: what readiness says, how good it is, what it rests on.

A card (`models_ml.readiness.card`), what the latest training said, and control leads in; sections of a page out. The
parts stand in `readiness_use` (what to do with it), `readiness_trials` (how it did), `readiness_grounds` (what it
rests on) and `readiness_control`. No figures are worked out in any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orchestration.report import readiness_control, readiness_grounds, readiness_trials, readiness_use, words
from orchestration.report.parts import Card, Section, Table
from orchestration.report.readiness_words import Content, held_out, horizon_words, is_weighted, weighted_words
from orchestration.report.words import Names

TITLE = "How far to trust readiness"


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
        _bands(card, called),
        readiness_use.use(card),
        readiness_trials.calibration(card, called),
        readiness_trials.gain(card),
        readiness_trials.compared(card),
        readiness_grounds.verdict(told, version),
        readiness_grounds.alarms(told),
        readiness_grounds.learned(card),
        readiness_grounds.protected(card),
        readiness_control.control(control or {}),
        readiness_control.details(card, version),
    ]


def answers_for(card: Content) -> datetime:
    """The moment a card answers for: when its model was trained, or last moved."""
    return datetime.fromisoformat(str(card.get("learned_until", card["trained_as_of"])))


def _bands(card: Content, called: Names) -> Section:
    rows = {str(row["group"]): row for row in card["holdout"]["by_band"]}
    said = [
        f"Readiness is the chance that a lead becomes SQL within {horizon_words(card, called)} of becoming MQL, if "
        "intake works it. Each lead gets it once, when it becomes MQL, from what was known of it then; it does not "
        "change afterwards.",
        "The bands cut it in three: `high` is the best fifth of leads, `low` the lower half, `medium` what lies "
        f"between. How they did was tried on {held_out(card)}; the model had learned nothing from these.",
        _high_and_low(rows),
    ]
    if is_weighted(card):
        said.append(
            "Shares and forecasts of the bands are weighted: what was worked stands for like leads that were not. "
            "Leads and SQLs are counted as they are, without leads nobody worked: dividing them does not quite give "
            "the share, and the band high is not just a fifth of them."
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
        "A score comes with an interval (95 %): of the share among leads like this one, not of this one person.",
        "A band is about many leads. A single lead of the band high may well not become SQL, one of the band low may.",
        "Readiness says who is likely to get there when worked, not who gains most from a call: a lead that would "
        "book by itself has a high one, too.",
    )
    return Section("bands", "What a score means", tuple(said), beware, (), (_band_table(card, rows),), front)


def _high_and_low(rows: Mapping[str, Content]) -> str:
    """What a manager may count on, and what not."""
    rates = {name: rows[name]["observed_rate"]["estimate"] for name in ("high", "low") if name in rows}
    if None in rates.values() or len(rates) < 2:
        return "In these leads the bands high and low cannot be compared."
    return (
        f"So `high` does not mean surely: {words.of_a_hundred(1 - rates['high'])} leads marked high did not become "
        f"SQL. And `low` does not mean never: {words.of_a_hundred(rates['low'])} marked low did."
    )


def _band_table(card: Content, rows: Mapping[str, Content]) -> Table:
    return Table(
        f"Of leads in a band, how many became SQL{weighted_words(card)}",
        ("band", "readiness", "leads", "of them SQL", "forecast", "became SQL", "95 % interval"),
        tuple(
            (
                name,
                _cut(name, card["bands"]),
                words.count(row["rows"]),
                words.count(row["converted"]),
                words.of_a_hundred(row["mean_predicted"]),
                words.of_a_hundred(row["observed_rate"]["estimate"]),
                words.percent_range(row["observed_rate"]["lower"], row["observed_rate"]["upper"]),
            )
            for name, row in rows.items()
        ),
    )


def _cut(name: str, bands: Content) -> str:
    high, medium = (words.percent(bands[cut]) for cut in ("high", "medium"))
    return {"high": f"{high} or more", "medium": f"{medium} to {high}", "low": f"under {medium}"}[name]
