"""What the parts of the model card have in common: figures of a card in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestration.report import words
from orchestration.report.words import Names

Content = Mapping[str, Any]
FORECASTS = {
    "model": "readiness",
    "incumbent": "the model from before",
    "points": "the criteria's points",
    "lead_frequency": "a CRM's lead scoring",
    "base_rate": "one chance for all",
}


def day(text: str) -> str:
    """The day of a moment a card tells."""
    return words.day(datetime.fromisoformat(str(text)))


def measured(card: Content, name: str = "model") -> Content:
    """Measures of a forecast on the hold-out; weighted where leads were weighted."""
    own: Content = card["holdout"]["measures"][name]
    return {**own, **own.get("weighted", {})}


def is_weighted(card: Content) -> bool:
    """Whether worked leads stand for unworked ones in the chief figures."""
    return "weighted" in card["holdout"]["measures"]["model"]


def weighted_words(card: Content) -> str:
    """What to add to a caption of chief figures."""
    return " (weighted: worked leads stand for unworked ones too)" if is_weighted(card) else ""


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


def value_words(attribute: str, value: str) -> str:
    """What a value of an attribute is called: a language by its English name, anything else as it is spelt."""
    # Imported here: only the card needs the names of languages.
    from babel import Locale, UnknownLocaleError

    if attribute == "language":
        try:
            return Locale.parse(value, sep="-").get_display_name("en") or words.plain(value)
        except (ValueError, UnknownLocaleError):
            pass
    return words.plain(value)


def held_out(card: Content) -> str:
    """The leads everything is judged by, in words."""
    counts = card["counts"]
    first, last = (words.day(datetime.fromisoformat(str(card[name]))) for name in ("split_at", "holdout_until"))
    return (
        f"{words.count(counts['holdout_examples'])} leads that became MQL from {first} to {last} "
        f"({words.count(counts['holdout_converted'])} became SQL)"
    )
