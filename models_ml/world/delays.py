"""The world's true delays: one named distribution each, drawn here and nowhere else, told as truth.

What a delay is measured from and scaled by is said in `meaning`; where its size comes from, in docs/world.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models_ml.world.draws import Draws, Floats


@dataclass(frozen=True)
class Delay:
    """`typical` is the mean of an exponential delay and the median of a lognormal one, in `unit`; `spread` is the
    standard deviation of the logarithm (0: exponential).
    """

    stream: str
    unit: str
    typical: float
    spread: float
    meaning: str

    def draw(self, draws: Draws, *counters: npt.ArrayLike, scale: npt.ArrayLike = 1.0) -> Floats:
        """One delay for each combination of counters, in `unit`; `scale` multiplies the typical one."""
        typical = self.typical * np.asarray(scale, dtype=np.float64)
        if self.spread:
            return draws.lognormal(self.stream, typical, self.spread, *counters)
        return draws.exponential(self.stream, typical, *counters)


VISIT_BACK = Delay("visit_back", "days", 13.0, 0.0, "an earlier visit to the lead's creation")
VISIT_AHEAD = Delay("visit_ahead", "days", 9.0, 0.0, "creation to a later visit")
REGISTERS_AFTER = Delay("registers_after", "days", 12.0, 0.0, "creation to registering for an event")
EMAIL_AFTER = Delay("email_after", "days", 24.0, 0.0, "creation to a click in an e-mail")
ASKS_AFTER = Delay("asks_after", "days", 5.0, 0.0, "creation to asking for an appointment, unless at once")
LATER = {
    "calls": Delay("calls_after", "days", 7.0, 0.0, "creation to a call"),
    "writes": Delay("writes_after", "days", 10.0, 0.0, "creation to a message to support"),
    "downloads": Delay("downloads_after", "days", 14.0, 0.0, "creation to a guide asked for by e-mail"),
    "second_form": Delay("second_form_after", "days", 9.0, 0.0, "creation to a second form"),
}
FORM_AFTER = Delay("form_after", "days", 1.5, 0.0, "creation to starting the intake form")
FORM_TAKES = Delay("form_takes", "days", 0.6, 1.2, "starting the intake form to completing it")
REFERRAL_WAIT = Delay("referral_wait", "days", 4.0, 0.9, "creation to the arrival of a referral that comes")
WHIM_AFTER = Delay("whim_after", "days", 3.0, 0.0, "creation to being worked without a label, if ever")
FIRST_ATTEMPT = Delay("attempt_wait", "open minutes", 45.0, 1.25, "taken up to first attempt; × line's pace ÷ speed")
NEXT_ATTEMPT = Delay("attempt_wait", "open minutes", 330.0, 0.8, "attempt to next attempt; × line's pace ÷ speed")
SCREEN_WAIT = Delay("screen_wait", "open minutes", 700.0, 0.8, "contact to a screening not held at once")
AGAIN_WAIT = Delay("again_wait", "open minutes", 900.0, 0.7, "missed screening to the next one")
TURN_WAIT = Delay("turn_wait", "open minutes", 900.0, 1.0, "eight days after a verdict to its reversal, if any")
BOOKING_WAIT = Delay("booking_wait", "open minutes", 25.0, 1.8, "qualified to booked by staff")
REBOOK_WAIT = Delay("rebook_wait", "open minutes", 500.0, 1.2, "missed or cancelled to booked again")
APPOINTMENT_WAIT = Delay("wait_days", "days", 1.0, 0.6, "booked to the appointment; × the line's wait")
MOVED_BY = Delay("move_days", "days", 8.0, 0.5, "first to second date of a moved appointment")

ALL: tuple[Delay, ...] = (
    VISIT_BACK, VISIT_AHEAD, REGISTERS_AFTER, EMAIL_AFTER, ASKS_AFTER, *LATER.values(), FORM_AFTER, FORM_TAKES,
    REFERRAL_WAIT, WHIM_AFTER, FIRST_ATTEMPT, NEXT_ATTEMPT, SCREEN_WAIT, AGAIN_WAIT, TURN_WAIT, BOOKING_WAIT,
    REBOOK_WAIT, APPOINTMENT_WAIT, MOVED_BY,
)  # fmt: skip
