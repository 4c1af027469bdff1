"""Puts the world together: blocks of leads through every module, tables in contract shape, truth apart.

A block depends on its lead numbers alone, so memory follows the block and a shorter world is a prefix of a longer one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from models_ml.world import advertising, bookings, browsing, event_tables, labels, named_touches, records, staffing
from models_ml.world import touch_tables as web
from models_ml.world.clock import DAY, NEVER, BusinessTime, span, stamps, to_micros
from models_ml.world.draws import Bools, Draws, Ints
from models_ml.world.intake import run_intake
from models_ml.world.people import make_cast
from models_ml.world.truth import lead_truth, reference_truth

_BLOCK = 25_000
_VISITORS_PER_LEAD = 0.8


@dataclass(frozen=True)
class World:
    """`tables`: what systems hold, by contract name, times aware UTC; `truth`: what nobody outside may read.

    `as_of` is the moment the world was built until; every row with a `known_at` is known by then.
    """

    seed: int
    leads: int
    months: int
    begin: pd.Timestamp
    as_of: pd.Timestamp
    tables: dict[str, pd.DataFrame] = field(repr=False)
    truth: dict[str, pd.DataFrame] = field(repr=False)

    def known_between(self, since: pd.Timestamp | None, until: pd.Timestamp) -> dict[str, pd.DataFrame]:
        """Tables cut to rows with since < known_at <= until; rows without known_at come with `since` None."""
        cut: dict[str, pd.DataFrame] = {}
        for name, frame in self.tables.items():
            if "known_at" not in frame:
                cut[name] = frame if since is None else frame.iloc[:0]
                continue
            kept = frame["known_at"] <= until
            cut[name] = frame[kept if since is None else kept & (frame["known_at"] > since)].reset_index(drop=True)
        return cut


def build_world(
    leads: int = 20_000, seed: int = 7, months: int = 18, until: str | datetime | pd.Timestamp | None = None
) -> World:
    """Build the clinic world.

    Parameters
    ----------
    leads
        Lead records over the whole span, however far it is built.
    seed
        Same seed, same rows.
    months
        Length of the span, which always ends at `clock.WORLD_END`.
    until
        Build what is known by then (aware, or naive UTC); None: the whole span.

    Raises
    ------
    ValueError
        If `leads` or `months` is below 1, or `until` lies outside the span.
    """
    if leads < 1 or months < 1:
        raise ValueError("leads and months must be at least 1")
    begin, end = span(months)
    last = end if until is None else _moment(until)
    bounds = stamps(np.array([begin, last, end]))
    if not begin < last <= end:
        raise ValueError(f"until must lie within the world's span, {bounds[0].isoformat()} to {bounds[2].isoformat()}")
    draws = Draws(seed)
    members = staffing.make_members(draws, begin, end)
    parts, truth = _lead_parts(draws, members, leads, begin, end, last)
    for name, frame in _visitor_parts(draws, int(leads * _VISITORS_PER_LEAD), begin, end, last):
        parts.setdefault(name, []).append(frame)
    parts["spend"] = [_cut(advertising.spend_table(draws, begin, end, leads / 20_000 * 18 / months), begin, last)]
    tables = {name: _finish(pd.concat(frames, ignore_index=True)) for name, frames in parts.items()}
    for name, frame in staffing.reference_tables(draws, members, begin, end).items():
        tables[name] = _known_by(frame, last)
    return World(seed, leads, months, bounds[0], bounds[1], tables, {"leads": truth, **reference_truth(members)})


def _lead_parts(
    draws: Draws, members: pd.DataFrame, leads: int, begin: int, end: int, last: int
) -> tuple[dict[str, list[pd.DataFrame]], pd.DataFrame]:
    """Tables of all leads, block by block, cut to what is known by `last`; and the truth of these leads."""
    business = BusinessTime(begin, end)
    parts: dict[str, list[pd.DataFrame]] = {}
    truths: list[pd.DataFrame] = []
    for number in _blocks(leads):
        cast = make_cast(draws, number, leads, begin, end)
        # Nothing of a lead is older than the lookback before its creation.
        cast = cast[cast["created"] < last + (browsing.LOOKBACK_DAYS + 2) * DAY].reset_index(drop=True)
        if cast.empty:
            break
        for name, frame in _block_tables(draws, cast, members, business, truths).items():
            parts.setdefault(name, []).append(_cut(frame, begin, last))
    return parts, pd.concat(truths, ignore_index=True)


def _moment(until: str | datetime | pd.Timestamp) -> int:
    stamp = pd.Timestamp(until)
    return to_micros(stamp.tz_localize("UTC") if stamp.tz is None else stamp)


def _blocks(count: int) -> list[Ints]:
    return [np.arange(first, min(first + _BLOCK, count), dtype=np.int64) for first in range(0, count, _BLOCK)]


def _block_tables(
    draws: Draws, cast: pd.DataFrame, members: pd.DataFrame, business: BusinessTime, truths: list[pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Contract tables of one block of leads; its truth is appended to `truths`."""
    records.add_record_life(draws, cast)
    sessions = browsing.add_clicks(draws, browsing.lead_sessions(draws, cast))
    pages = browsing.page_touches(draws, sessions, cast["intent"].to_numpy()).assign(named=0)
    touches = pd.concat([pages, named_touches.named_touches(draws, cast).assign(named=1)], ignore_index=True)
    touches["known"] = web.known_moments(draws, touches)
    story, events = run_intake(draws, cast, touches, members, business)
    appointments = bookings.make_appointments(draws, cast, story, business)
    truths.append(lead_truth(cast, story))
    return {
        "leads": records.lead_table(draws, cast),
        "lead_attributes": records.attribute_table(draws, cast, story),
        "touches": web.touch_table(draws, touches),
        "identities": web.identity_table(draws, cast, sessions),
        "ad_clicks": web.click_table(sessions),
        "stage_events": event_tables.stage_table(draws, cast, labels.stage_labels(draws, cast, story), members),
        "work_events": event_tables.work_table(draws, cast, events, members),
        "appointments": event_tables.appointment_table(draws, cast, bookings.appointment_versions(appointments)),
        "consents": records.consent_table(draws, cast),
    }


def _visitor_parts(draws: Draws, count: int, begin: int, end: int, last: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Touches and clicks of those who never become leads, block by block."""
    for number in _blocks(count):
        sessions = browsing.add_clicks(draws, browsing.visitor_sessions(draws, number, count, begin, end))
        touches = browsing.page_touches(draws, sessions, np.zeros(1)).assign(named=0)
        touches["known"] = web.known_moments(draws, touches)
        yield "touches", _cut(web.touch_table(draws, touches), begin, last)
        yield "ad_clicks", _cut(web.click_table(sessions), begin, last)


def _cut(frame: pd.DataFrame, begin: int, last: int) -> pd.DataFrame:
    """Rows known by `last` of things that happened since the world began."""
    kept: Bools = (frame["known"] <= last).to_numpy() & (frame["known"] < NEVER).to_numpy()
    if "occurred_at" in frame:
        kept &= (frame["occurred_at"] >= stamps(np.array([begin]))[0]).to_numpy()
    return frame.loc[kept]


def _known_by(frame: pd.DataFrame, last: int) -> pd.DataFrame:
    if "known_at" not in frame:
        return frame
    kept: Bools = (frame["known_at"] <= stamps(np.array([last]))[0]).to_numpy()
    return frame.loc[kept].reset_index(drop=True)


def _finish(frame: pd.DataFrame) -> pd.DataFrame:
    """In the order rows became known, with known_at as the last column."""
    ordered = frame.iloc[np.argsort(frame["known"].to_numpy(), kind="stable")].reset_index(drop=True)
    known = stamps(ordered["known"].to_numpy())
    ordered = ordered.astype(dict.fromkeys(ordered.select_dtypes(["object", "str"]).columns, "str"))
    return ordered.drop(columns="known").assign(known_at=known)
