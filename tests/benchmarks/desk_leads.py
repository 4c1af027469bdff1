"""The leads of a routing game: when they come, what is known of them, how ready they seem, and what is true of them.

Readiness is forecast by a model trained on an earlier part of the same world; nothing true reaches a policy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.world import OutcomeModel, clinic, delays, habits
from models_ml.world.blocks import play
from models_ml.world.clock import DAY, HOUR, NEVER, stamps
from models_ml.world.draws import Floats, Ints
from models_ml.world.intake import HANDED_AFTER
from models_ml.world.plan import BLOCK, Plan
from models_ml.world.plays import sql_moments
from models_ml.world.staffing import team_table
from models_ml.world.texts import lead_ids
from tests.benchmarks.desk_assumptions import ATTEMPTS, COOL_DOWN_DAYS, HORIZON_DAYS, OUTCOME_DRAWS, WARM_UP_DAYS

HIGH_SHARE, LOW_SHARE = 0.2, 0.5  # as the shipped readiness cuts its bands
_PACE = np.array([line.pace for line in clinic.SERVICE_LINES])


@dataclass(frozen=True)
class Forecasts:
    """MQLs of a world (numbers, micros), all after the model's training, in order of time; and what it forecasts."""

    number: Ints
    at: Ints
    readiness: Floats
    sla_minutes: Floats
    high_cut: float
    medium_cut: float


@dataclass(frozen=True)
class Arrivals:
    """One row of `leads` per MQL in order of arrival.

    Columns of leads: lead_id, number, service_line, location_id, language (as told; None), at, due_at, readiness, band,
    team, calendar; and what no policy may read: age_band, self_booked_at, is_measured. By attempt (leads, attempts):
    `answers_until`, hours since the hand-over before which it is answered, and `retry_minutes`, open ones, to the next.
    """

    plan: Plan
    leads: pd.DataFrame
    answers_until: Floats
    retry_minutes: Floats
    unreached_sql: npt.NDArray[np.bool_]

    @cached_property
    def model(self) -> OutcomeModel:
        """The world's own; it keeps the leads it has played."""
        return OutcomeModel(self.plan)

    def outcomes(self, staff_ids: npt.NDArray[np.object_], contacted_at: Ints) -> Floats:
        """P(SQL within the horizon) of each lead as it went, the mean of drawn outcomes; contacted NEVER: unreached."""
        leads, model = self.leads, self.model
        rows = np.flatnonzero(contacted_at < NEVER)
        at = leads["at"].to_numpy()[rows]
        calendar = leads["calendar"].to_numpy()[rows]
        minutes = self.plan.business.minutes(at + HANDED_AFTER, contacted_at[rows], calendar)
        result = self.unreached_sql.astype(np.float64)
        ids, moments = list(leads["lead_id"].to_numpy()[rows]), stamps(at)
        total = np.zeros(len(rows))
        for draw in range(OUTCOME_DRAWS):
            said = model.draw_sql_at(ids, list(staff_ids[rows]), minutes, at=moments, draw=draw)
            total += (said - moments <= pd.Timedelta(days=HORIZON_DAYS)).to_numpy()
        result[rows] = total / OUTCOME_DRAWS
        return result


def arrivals_of(plan: Plan, told: Forecasts) -> Arrivals:
    """The leads of the game; who has booked before the hand-over needs no call and is left out."""
    cast, story = _people(plan, told.number)
    at, calendar = told.at, cast["calendar"].to_numpy()
    draws, booked = plan.draws.branch("desk"), story["self_booked_at"].to_numpy()
    alone = sql_moments(cast, np.full(len(cast), NEVER), booked)
    language = np.array(clinic.LANGUAGES, dtype=object)[cast["language"]]
    is_told = plan.draws.chance("language_given", 0.9, told.number)
    place = np.arange(ATTEMPTS)[None, :]
    leads = pd.DataFrame({
        "lead_id": lead_ids(told.number), "number": told.number,
        "service_line": np.array(clinic.LINE_IDS, dtype=object)[cast["line"]],
        "location_id": np.array([one.id for one in clinic.LOCATIONS], dtype=object)[cast["location"]],
        "language": np.where(is_told, language, None), "at": at,
        "due_at": plan.business.add(at, told.sla_minutes, calendar),
        "readiness": told.readiness, "band": bands_of(told),
        "age_band": np.array(clinic.AGE_BANDS, dtype=object)[cast["age"]],
        "calendar": calendar,
        "team": team_table()[cast["line"], cast["location"]], "self_booked_at": booked,
        "is_measured": _measured(at),
    })  # fmt: skip
    waits = delays.NEXT_ATTEMPT.draw(draws, told.number[:, None], place, scale=_PACE[cast["line"]][:, None])
    lots = draws.uniform("answers", told.number[:, None], place)
    until = np.stack([_answered_until(cast["intent"].to_numpy(), lots[:, one], one) for one in range(ATTEMPTS)], axis=1)
    unreached = alone - at <= HORIZON_DAYS * DAY
    kept = booked > at
    return Arrivals(plan, leads[kept].reset_index(drop=True), until[kept], waits[kept], unreached[kept])


def bands_of(told: Forecasts) -> npt.NDArray[np.object_]:
    """high, medium or low, by cuts that were fixed before the game."""
    names = np.where(told.readiness >= told.medium_cut, "medium", "low")
    return np.where(told.readiness >= told.high_cut, "high", names).astype(object)


def cuts_of(earlier: Floats) -> tuple[float, float]:
    """Least readiness of `high` and of `medium`: a fifth is high, half is low, of leads before the game."""
    return float(np.quantile(earlier, 1 - HIGH_SHARE)), float(np.quantile(earlier, LOW_SHARE))


def _answered_until(intent: Floats, lots: Floats, place: int) -> Floats:
    """Hours before which an attempt is answered whose lot is so high: chances of being reached fall with time."""
    hours = np.concatenate([[0.0], np.geomspace(0.02, 24 * (HORIZON_DAYS + 5), 300)])
    answered = lots[:, None] < habits.reaches(intent[:, None], hours[None, :], place)
    return np.concatenate([hours, [0.0]])[np.where(answered.all(axis=1), len(hours) - 1, answered.argmin(axis=1))]


def _measured(at: Ints) -> npt.NDArray[np.bool_]:
    first, last = int(at.min()) + WARM_UP_DAYS * DAY, int(at.max()) - COOL_DOWN_DAYS * DAY
    return np.asarray((at >= first) & (at < last))


def _people(plan: Plan, numbers: Ints) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cast and story of these leads, in this order."""
    whole = replace(plan, last=plan.end)
    casts, stories = [], []
    for index in np.unique(numbers // BLOCK).tolist():
        block = play(whole, np.arange(index * BLOCK, min((index + 1) * BLOCK, plan.leads), dtype=np.int64))
        assert block is not None, "a whole span holds every lead"
        casts.append(block.cast)
        stories.append(block.story)
    cast, story = pd.concat(casts, ignore_index=True), pd.concat(stories, ignore_index=True)
    rows = pd.Series(np.arange(len(cast)), index=cast["number"]).loc[numbers].to_numpy()
    return cast.iloc[rows].reset_index(drop=True), story.iloc[rows].reset_index(drop=True)


def local_days(at: Ints) -> Ints:
    """Day of each moment in the world's home zone, near enough for drawing days again."""
    return np.asarray((at - 6 * HOUR) // DAY, dtype=np.int64)
