"""The outcome model, to be asked: P(SQL by day d | lead, member of staff, minutes to contact), and a draw of when.

Chances integrate over what is not knowable when the lead is handed over (`plays.py`); draws know the lead's latents.
Nothing here depends on how far the world is built, on its scenario, or on the other leads asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.world.blocks import Block, play
from models_ml.world.clock import HOUR, NEVER, stamps, to_micros
from models_ml.world.draws import Floats, Ints
from models_ml.world.intake import HANDED_AFTER
from models_ml.world.plan import BLOCK, Plan
from models_ml.world.plays import (
    HORIZONS,
    PLAYS,
    chances,
    contact_plays,
    possible_plays,
    some_of,
    sql_moments,
    work_plays,
)
from models_ml.world.screening import qualify_chance, screen, verdicts


class OutcomeModel:
    """Answers what becomes of leads of one world, as it truly is.

    Parameters
    ----------
    plan
        That of the world asked about (`World.plan`).
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = replace(plan, last=plan.end)
        self._played: dict[int, Block] = {}

    def chances(
        self,
        lead_ids: Sequence[str],
        days: Sequence[float] = HORIZONS,
        *,
        staff_ids: Sequence[str] | None = None,
        open_minutes: npt.ArrayLike | None = None,
        at: Sequence[pd.Timestamp] | pd.Series | None = None,
    ) -> Floats:
        """P(SQL at most `days` after the handover), shape (leads, days); given what is knowable of each lead then.

        Given, too, that the lead has not become SQL by then; NaN for one that has, by a booking of its own known then.
        `staff_ids` and `open_minutes` (one for each lead, given together) say who reaches the lead and how many open
        minutes after it was taken up; without them intake goes as it does. `at` is the moment of handover, aware, by
        default that of the clinic's own MQL; NaN for leads that have none. What intake did before `at` is not seen.

        Raises KeyError for an id the world does not have, ValueError if one of staff and minutes is missing.
        """
        if (staff_ids is None) != (open_minutes is None):
            raise ValueError("give staff_ids and open_minutes together, or neither")
        numbers, moments = self._asked(lead_ids, at)
        who = None if staff_ids is None else self._staff(staff_ids)
        result = np.full((len(numbers), len(days)), np.nan)
        for block, places, rows in self._by_block(numbers):
            handed = block.story["mql_at"].to_numpy()[rows] if moments is None else moments[places]
            asked = handed < NEVER
            rows, places = rows[asked], places[asked]
            if not len(rows):
                continue
            plays = possible_plays(self.plan, some_of(block, rows), handed[asked])
            if who is None:
                work_plays(self.plan, plays)
            else:
                minutes = np.asarray(open_minutes, dtype=np.float64)[places]
                contact_plays(self.plan, plays, np.repeat(who[places], PLAYS), np.repeat(minutes, PLAYS))
            result[places] = chances(self.plan, plays, days)
        return result

    def draw_sql_at(
        self,
        lead_ids: Sequence[str],
        staff_ids: Sequence[str],
        open_minutes: npt.ArrayLike,
        *,
        at: Sequence[pd.Timestamp] | pd.Series | None = None,
        draw: int = 0,
    ) -> pd.Series:
        """One possible SQL moment of each lead, reached by that member after so many open minutes; missing: none.

        Aware UTC. `draw` numbers the possible worlds: the same number gives the same moments. Reached for sure:
        whether an attempt succeeds is `habits.reaches`.
        """
        numbers, moments = self._asked(lead_ids, at)
        who, minutes = self._staff(staff_ids), np.asarray(open_minutes, dtype=np.float64)
        result = np.full(len(numbers), NEVER, dtype=np.int64)
        draws = self.plan.draws.branch(f"draw {draw}")
        for block, places, rows in self._by_block(numbers):
            part = some_of(block, rows)
            handed = part.story["mql_at"].to_numpy() if moments is None else moments[places]
            calendar = part.cast["calendar"].to_numpy()
            cast, worked = part.cast, np.where(handed < NEVER, handed + HANDED_AFTER, NEVER)
            contacted = self.plan.business.add(worked, minutes[places], calendar)
            hours = np.where(worked < NEVER, (contacted - worked) / HOUR, 0.0)
            severity = self.plan.members["severity"].to_numpy()[who[places]]
            good = draws.chance("qualifies", qualify_chance(cast, hours, severity), cast["number"].to_numpy())
            held = screen(draws, cast, contacted, self.plan.business).held
            said = verdicts(draws, cast, held, good, self.plan.business)["qualified_at"].to_numpy()
            ready = sql_moments(cast, said, part.story["self_booked_at"].to_numpy())
            result[places] = np.where(handed < NEVER, ready, NEVER)
        return stamps(result)

    def _asked(
        self, lead_ids: Sequence[str], at: Sequence[pd.Timestamp] | pd.Series | None
    ) -> tuple[Ints, Ints | None]:
        numbers = np.array([int(str(one).removeprefix("lead")) for one in lead_ids], dtype=np.int64)
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= self.plan.leads):
            raise KeyError("a lead id this world does not have")
        if at is None:
            return numbers, None
        return numbers, np.array(
            [NEVER if pd.isna(one) else to_micros(pd.Timestamp(one)) for one in at], dtype=np.int64
        )

    def _staff(self, staff_ids: Sequence[str]) -> Ints:
        places = {name: place for place, name in enumerate(self.plan.members["staff_id"])}
        return np.array([places[one] for one in staff_ids], dtype=np.int64)

    def _by_block(self, numbers: Ints) -> Iterable[tuple[Block, Ints, Ints]]:
        """Blocks that hold the leads asked about, with the places in the question and the rows in the block."""
        for index in np.unique(numbers // BLOCK).tolist():
            places = np.flatnonzero(numbers // BLOCK == index)
            yield self._block(index), places, numbers[places] - index * BLOCK

    def _block(self, index: int) -> Block:
        if index not in self._played:
            first = index * BLOCK
            block = play(self.plan, np.arange(first, min(first + BLOCK, self.plan.leads), dtype=np.int64))
            assert block is not None, "a whole span holds every lead"
            self._played[index] = block
        return self._played[index]
