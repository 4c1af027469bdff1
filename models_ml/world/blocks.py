"""One block of leads, or of visitors, through every module: what happened, and the contract's tables that tell of it.

A block depends on its numbers alone, so memory follows the block and a shorter world is a prefix of a longer one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models_ml.world import bookings, browsing, event_tables, labels, named_touches, records
from models_ml.world import touch_tables as web
from models_ml.world.clock import DAY, NEVER, stamps
from models_ml.world.draws import Bools, Ints
from models_ml.world.intake import run_intake, typed_in
from models_ml.world.people import make_cast
from models_ml.world.plan import Plan
from models_ml.world.scenario import repeat_rows


@dataclass(frozen=True)
class Block:
    """What happened to some leads, the same in every scenario: codes and micros; `row` is the lead's row in `cast`."""

    cast: pd.DataFrame
    sessions: pd.DataFrame
    touches: pd.DataFrame
    story: pd.DataFrame
    events: pd.DataFrame
    appointments: pd.DataFrame


def play(plan: Plan, number: Ints) -> Block | None:
    """Everything these leads do and have done to them; None if none of them is near the world's last moment."""
    draws = plan.draws
    cast = make_cast(draws, number, plan.leads, plan.begin, plan.end)
    # Nothing of a lead is older than the lookback before its creation.
    near = cast["created"] < plan.last + (browsing.LOOKBACK_DAYS + 2) * DAY
    cast = cast[near].reset_index(drop=True)
    if cast.empty:
        return None
    sessions = browsing.add_clicks(draws, browsing.lead_sessions(draws, cast))
    pages = browsing.page_touches(draws, sessions, cast["intent"].to_numpy()).assign(named=0)
    touches = pd.concat([pages, named_touches.named_touches(draws, cast).assign(named=1)], ignore_index=True)
    touches["seen"] = web.seen_moments(draws, touches)
    story, events = run_intake(draws, cast, touches, plan.members, plan.business)
    appointments = bookings.make_appointments(draws, cast, story, plan.business)
    return Block(cast, sessions, touches, story, events, appointments)


def block_tables(plan: Plan, block: Block) -> dict[str, pd.DataFrame]:
    """The contract's tables about the block, cut to what is known by the plan's last moment (micros `known`)."""
    draws, scenario, cast, story = plan.draws, plan.scenario, block.cast.copy(), block.story
    records.add_record_life(draws, scenario, cast)
    touches = pd.concat([block.touches, _idle_touches(plan, cast)], ignore_index=True)
    events = block.events.assign(known=typed_in(draws, scenario, cast, block.events, plan.business))
    labelled = labels.stage_labels(draws, scenario, cast, story)
    tables = {
        "leads": records.lead_table(draws, cast),
        "lead_attributes": records.attribute_table(draws, scenario, cast, story),
        "touches": web.touch_table(draws, scenario, touches),
        "identities": web.identity_table(draws, cast, block.sessions),
        "ad_clicks": web.click_table(scenario, block.sessions),
        "stage_events": event_tables.stage_table(draws, cast, labelled, plan.members),
        "work_events": event_tables.work_table(draws, cast, events, plan.members),
        "appointments": event_tables.appointment_table(draws, cast, bookings.appointment_versions(block.appointments)),
        "consents": records.consent_table(draws, scenario, cast),
    }
    return {name: finish_block(plan, name, frame) for name, frame in tables.items()}


def _idle_touches(plan: Plan, cast: pd.DataFrame) -> pd.DataFrame:
    sessions = browsing.idle_sessions(plan.draws, cast, plan.idle_visits)
    touches = browsing.idle_touches(plan.draws, sessions).assign(named=0)
    touches["seen"] = web.seen_moments(plan.draws, touches)
    return touches


def visitor_tables(plan: Plan, number: Ints) -> dict[str, pd.DataFrame]:
    """Touches and clicks of people who never become leads."""
    draws = plan.draws
    visits = browsing.visitor_sessions(draws, number, plan.visitors, plan.begin, plan.end)
    sessions = browsing.add_clicks(draws, visits)
    touches = browsing.page_touches(draws, sessions, np.zeros(1)).assign(named=0)
    touches["seen"] = web.seen_moments(draws, touches)
    return {
        "touches": finish_block(plan, "touches", web.touch_table(draws, plan.scenario, touches)),
        "ad_clicks": finish_block(plan, "ad_clicks", web.click_table(plan.scenario, sessions)),
    }


def finish_block(plan: Plan, table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows known by the last moment of things that happened since the world began, repeated where systems do."""
    kept: Bools = (frame["known"] <= plan.last).to_numpy() & (frame["known"] < NEVER).to_numpy()
    if "occurred_at" in frame:
        kept &= (frame["occurred_at"] >= stamps(np.array([plan.begin]))[0]).to_numpy()
    return repeat_rows(plan.draws, plan.scenario, table, frame.loc[kept].reset_index(drop=True))
