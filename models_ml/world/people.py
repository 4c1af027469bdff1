"""Who the leads are: one row per CRM record with the person behind it, their traits and their first contact.

Everything here is drawn per lead or per person; nobody's row depends on the rows beside it. Columns hold codes
(indexes into `clinic`); turning them into what a CRM shows is `records.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays, habits
from models_ml.world.clock import DAY, HOUR, MINUTE, NEVER, SECOND, ZONES, to_utc
from models_ml.world.draws import Draws, Floats, Ints

FULL, REFUSED, COOKIELESS = range(3)
_HOUR_WEIGHTS = np.array([1, 1, 0.5, 0.5, 0.5, 1, 2, 4, 7, 9, 10, 10, 9, 9, 9, 9, 8, 8, 8, 9, 9, 8, 5, 3])
# What makes intent and fit, the two latents.
NEED_EFFECT, INTENT_NOISE, IN_AREA_FIT, FIT_NOISE = 0.8, 0.35, 0.4, 0.4
URGENCY_EFFECT = np.array([-0.35, 0.2, 0.8])
PAYER_FIT = np.array([0.4, 0.25, -0.75, -0.5])
# Shares of payers under and over 65; of age bands by service line.
PAYERS_BY_AGE = np.array([[0.66, 0.03, 0.18, 0.13], [0.15, 0.75, 0.05, 0.05]])
_AGES_BY_LINE = np.array([[3, 3, 3, 2, 1], [1, 2, 4, 4, 2], [1, 3, 4, 3, 1], [4, 4, 3, 1, 0.5],
                          [5, 4, 2, 0.7, 0.3], [4, 3, 3, 2, 1]])  # fmt: skip
_WEEKDAY_WEIGHTS = np.array([1.15, 1.15, 1.1, 1.05, 0.95, 0.75, 0.85])
_LINE_CALENDARS = np.array([location.calendar for location in clinic.LOCATIONS])
_LOCATION_ZONES = np.array([ZONES.index(clinic.CALENDARS[location.calendar].timezone) for location in clinic.LOCATIONS])


def day_weights(days: Ints) -> Floats:
    """How many leads a day brings, relative to others: growth of a fifth a year, and weekdays."""
    return np.asarray((1.0 + 0.2 * (days - 20_000) / 365.0) * _WEEKDAY_WEIGHTS[(days + 3) % 7], dtype=np.float64)


def spread_over_days(draws: Draws, stream: str, numbers: Ints, count: int, begin: int, end: int) -> Ints:
    """Day (since 1970, home zone) of each number, in order of number, following `day_weights`."""
    days = np.arange((begin - 6 * HOUR) // DAY, (end - 6 * HOUR) // DAY)
    reached = np.cumsum(day_weights(days))
    point = (numbers + draws.uniform(stream, numbers)) / count * reached[-1]
    return np.asarray(days[np.minimum(np.searchsorted(reached, point), len(days) - 1)], dtype=np.int64)


def make_cast(draws: Draws, number: Ints, count: int, begin: int, end: int) -> pd.DataFrame:
    """One row per lead number (of 0 .. count - 1): codes of traits, latent need, fit and intent, `created` (micros)."""
    back = 1 + int(count * 0.006) + draws.below("duplicate_of", max(count * 0.03, 1), number)
    first = number - back
    is_duplicate = draws.chance("is_duplicate", 0.045, number) & (first >= 0)
    is_duplicate &= ~draws.chance("is_duplicate", 0.045, np.maximum(first, 0))
    person = np.where(is_duplicate, first, number)
    cast = pd.DataFrame({"number": number, "person": person, "is_duplicate": is_duplicate})
    cast["day"] = spread_over_days(draws, "created_day", number, count, begin, end)
    _add_place(cast, draws)
    _add_need(cast, draws)
    _add_arrival(cast, draws, begin, end)
    _add_identity(cast, draws)
    return cast


def _add_place(cast: pd.DataFrame, draws: Draws) -> None:
    person = cast["person"].to_numpy()
    location = draws.pick("location", [place.share for place in clinic.LOCATIONS], person)
    near = draws.chance("in_area", 0.74, person)
    served = draws.chance("served_state", 0.5, person)
    cast["location"] = location
    cast["zone"] = _LOCATION_ZONES[location]
    cast["calendar"] = _LINE_CALENDARS[location]
    cast["in_area"] = near
    area = np.array([place.areas for place in clinic.LOCATIONS])[location, draws.below("area", 2, person)]
    away = draws.below("away", len(clinic.AWAY), person)
    rural = np.array(["768", "761", "316", "315", "812", "857"])[location]
    far = np.where(served, rural, np.array([row[1] for row in clinic.AWAY])[away])
    suffix = np.char.zfill((1 + draws.below("postal_suffix", 89, person)).astype("U2"), 2)
    cast["postal_code"] = np.char.add(np.where(near, area, far), suffix).astype(object)
    home = np.array([place.state for place in clinic.LOCATIONS])[location]
    cast["state"] = np.where(near | served, home, np.array([row[0] for row in clinic.AWAY])[away]).astype(object)
    cast["in_state"] = near | served


def urgency_weights(need: Floats) -> Floats:
    """Weights of the urgencies given need; one more axis."""
    tamed = need.clip(-2, 2)
    return np.stack([3 - 0.8 * tamed, 2 + 0 * need, np.exp(0.7 * need - 0.9)], axis=-1)


def seniors_by_line() -> Floats:
    """Share of people of 65 and more among those who need each service line."""
    return np.asarray(_AGES_BY_LINE[:, 3:].sum(axis=1) / _AGES_BY_LINE.sum(axis=1))


def _add_need(cast: pd.DataFrame, draws: Draws) -> None:
    person, number = cast["person"].to_numpy(), cast["number"].to_numpy()
    month = (cast["day"].to_numpy() / 30.44 % 12).astype(np.int64)
    peak = np.array([line.season for line in clinic.SERVICE_LINES])
    wave = 1.0 + 0.2 * np.cos(2 * np.pi * (month[:, None] + 1 - peak) / 12) * (peak > 0)
    line = draws.pick("line", np.array([line.share for line in clinic.SERVICE_LINES]) * wave, person)
    age = draws.pick("age", _AGES_BY_LINE[line], person)
    payer = np.where(
        age >= 3,
        draws.pick("payer_senior", PAYERS_BY_AGE[1], person),
        draws.pick("payer_adult", PAYERS_BY_AGE[0], person),
    )
    channel = draws.pick("channel", clinic.CHANNEL_SHARES[line], number)
    need = draws.normal("need", person)
    urgency = draws.pick("urgency", urgency_weights(need), number)
    fit = PAYER_FIT[payer] + IN_AREA_FIT * cast["in_area"] + FIT_NOISE * draws.normal("fit", person)
    intent = NEED_EFFECT * need + URGENCY_EFFECT[urgency] + clinic.CHANNEL_EFFECT[channel]
    intent = intent + INTENT_NOISE * draws.normal("intent", number)
    cast["line"], cast["age"], cast["payer"], cast["channel"], cast["urgency"] = line, age, payer, channel, urgency
    cast["need"], cast["fit"], cast["intent"] = need, fit, intent
    cast["language"] = draws.pick("language", [0.84, 0.13, 0.02, 0.01], person)
    cast["purpose"] = draws.pick("purpose", [0.972, 0.016, 0.007, 0.005], person)


def _add_arrival(cast: pd.DataFrame, draws: Draws, begin: int, end: int) -> None:
    number, channel = cast["number"].to_numpy(), cast["channel"].to_numpy()
    hour = draws.pick("created_hour", _HOUR_WEIGHTS, number)
    second = draws.below("created_second", 3600, number)
    local = cast["day"].to_numpy() * DAY + hour * HOUR + second * SECOND
    created = to_utc(local, cast["zone"].to_numpy())
    # Places east of the home zone begin and end their days before it does.
    cast["created"] = np.clip(created, begin + MINUTE, end - MINUTE)
    calls = np.array([0.11, 0.04, 0.09, 0.03, 0.0, 0.0, 0.0, 0.28])[channel]
    cast["by_phone"] = draws.chance("by_phone", calls, number)
    cast["by_referral"] = channel == clinic.REFERRAL
    entry = np.full(len(cast), clinic.FORM_SUBMIT)
    entry[np.isin(channel, (clinic.WEBINAR, clinic.EDUCATION))] = clinic.REGISTERED
    entry[cast["by_phone"].to_numpy()] = clinic.PHONE_CALL
    entry[cast["by_referral"].to_numpy()] = clinic.REFERRAL_RECEIVED
    cast["entry"] = entry
    cast["web_consent"] = draws.pick("web_consent", [0.70, 0.21, 0.09], cast["person"].to_numpy())
    needs_referral = np.array([line.referral_needed for line in clinic.SERVICE_LINES])[cast["line"].to_numpy()]
    cast["referral_needed"] = draws.chance("referral_needed", needs_referral, cast["person"].to_numpy())
    diligence = draws.chance("referral_comes", habits.brings_referral(cast["intent"].to_numpy()), number)
    waits = delays.REFERRAL_WAIT.draw(draws, number) * DAY
    arrives = np.where(diligence, cast["created"].to_numpy() + waits.astype(np.int64) // SECOND * SECOND, NEVER)
    with_it = cast["by_referral"].to_numpy() | draws.chance("referral_in_hand", 0.3, number)
    cast["referral_at"] = np.where(with_it | ~cast["referral_needed"], cast["created"].to_numpy(), arrives)


def _add_identity(cast: pd.DataFrame, draws: Draws) -> None:
    person = cast["person"].to_numpy()
    kin = 1 + draws.below("kin", 12, person)
    shares = draws.chance("shares_phone", 0.06, person) & (person >= kin)
    house = np.where(shares, person - kin, person)
    place = np.array([place.area_codes[0] for place in clinic.LOCATIONS])[
        draws.pick("location", [x.share for x in clinic.LOCATIONS], house)
    ]
    code = np.where(draws.chance("other_area_code", 0.7, house), 200 + draws.below("area_code", 780, house), place)
    line_no = np.char.zfill(draws.below("phone_line", 100, house).astype("U2"), 2)
    cast["phone"] = np.char.add(np.char.add("+1-", code.astype("U3")), np.char.add("-555-01", line_no)).astype(object)
    digits = np.char.zfill(person.astype("U9"), 6)
    cast["email"] = np.char.add(np.char.add("lead", digits), "@example.org").astype(object)
    cast["first_name"] = _syllables(draws, "first_name", person, 2)
    cast["last_name"] = _syllables(draws, "last_name", person, 3)
    cast["has_phone"] = cast["by_phone"] | draws.chance("gives_phone", 0.86, person)
    cast["has_email"] = ~cast["by_phone"] | draws.chance("gives_email", 0.45, person)


_SYLLABLES = np.array(
    ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi", "yo"]
)


def _syllables(
    draws: Draws, stream: str, person: Ints, count: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
    """Names nobody bears."""
    text = _SYLLABLES[draws.below(stream, len(_SYLLABLES), person, 0)]
    for place in range(1, count):
        text = np.char.add(text, _SYLLABLES[draws.below(stream, len(_SYLLABLES), person, place)])
    return np.char.capitalize(text).astype(object)
