"""How a person's intent shows in what they do: rates and chances given intent.

The modules that draw touches read them here, and so does `knowable.py`, which infers intent back from touches: what
the world does and what can be known of it cannot drift apart. The slopes are the truth about signals (`truth.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models_ml.world import clinic
from models_ml.world.draws import Floats, sigmoid

PAGE_SIGNALS = (clinic.PAGE_VIEW, clinic.DOWNLOAD, clinic.PRICING, clinic.OTHER_PAGE)
# Steps of the touches made by name; those of e-mail clicks follow EMAIL_STEP.
ENTRY_STEP, REGISTERED_STEP, ATTENDED_STEP, REQUEST_STEP, EMAIL_STEP = 10_000, 10_001, 10_002, 10_003, 10_010
EMAILS = 8
ASKS_AT_ONCE = 0.35


@dataclass(frozen=True)
class Later:
    """A touch made at most once, some days after the lead: `base` chance at intent 0, its log changing by `slope`."""

    stream: str
    signal: int
    channel: int
    step: int
    base: float
    slope: float

    def chance(self, intent: Floats) -> Floats:
        """P(it is made at all)."""
        return np.asarray(self.base * np.exp(self.slope * intent.clip(-2, 2)))


# Whoever writes to support has a question, not more of a wish to come: that signal says nothing.
LATER = (
    Later("calls", clinic.PHONE_CALL, clinic.DIRECT, 10_004, 0.09, 0.35),
    Later("writes", clinic.SUPPORT_REQUEST, clinic.DIRECT, 10_005, 0.14, 0.0),
    Later("downloads", clinic.DOWNLOAD, clinic.EMAIL, 10_006, 0.22, 0.35),
    Later("second_form", clinic.FORM_SUBMIT, clinic.ORGANIC, 10_007, 0.07, 0.35),
)


def visits_before(intent: Floats) -> Floats:
    """Mean number of visits before the one that ends in the lead."""
    return np.asarray(0.55 + 0.5 * np.exp(0.3 * intent))


def visits_after(intent: Floats) -> Floats:
    """Mean number of visits after the lead."""
    return np.asarray(np.exp(0.35 * intent))


def pages_more(intent: Floats) -> Floats:
    """Mean number of pages of a visit beyond its first."""
    return np.asarray(2.5 + 0.7 * np.exp(0.4 * intent))


def page_weights(intent: Floats) -> Floats:
    """Weights of PAGE_SIGNALS for a page somebody looks at; one more axis than `intent`."""
    keen = np.asarray(intent).clip(-2, 2)
    return np.stack([0.17 + 0.05 * keen, 0.026 + 0.011 * keen, 0.018 + 0.008 * keen, 0.72 + 0 * keen], axis=-1)


def email_clicks(intent: Floats) -> Floats:
    """Mean number of clicks in the mails that follow the lead."""
    return np.asarray(np.exp(0.3 * intent.clip(-2, 2)))


def asks(intent: Floats) -> Floats:
    """P(a lead asks for an appointment)."""
    return sigmoid(-2.4 + 1.2 * intent)


def books(intent: Floats, share: Floats) -> Floats:
    """P(who asked then books a time themselves), given the line's share of self-booking."""
    return np.asarray(np.minimum(0.7 * share * np.exp(0.25 * intent), 1.0))


def registers(intent: Floats) -> Floats:
    """P(a lead registers for an event later)."""
    return np.asarray(0.08 * np.exp(0.4 * intent.clip(-2, 2)))


def attends(intent: Floats) -> Floats:
    """P(who registered comes)."""
    return sigmoid(0.1 + 0.8 * intent)


def form_started(intent: Floats) -> Floats:
    """P(a lead starts the intake form)."""
    return sigmoid(-0.5 + 0.6 * intent)


def form_done(intent: Floats) -> Floats:
    """P(who started the intake form completes it)."""
    return sigmoid(-0.1 + 0.7 * intent)


def brings_referral(intent: Floats) -> Floats:
    """P(a referral that is needed and not in hand comes at all)."""
    return np.asarray(0.45 + 0.1 * intent.clip(-2, 2))


def reaches(intent: Floats, hours: Floats, place: int) -> Floats:
    """P(the attempt number `place`, so many hours after intake took the lead up, reaches it)."""
    return sigmoid(-0.1 + 0.5 * intent - 0.28 * np.log1p(hours / 4) - 0.1 * place)
