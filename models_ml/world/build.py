"""Puts the world together: all its blocks at once, as tables in contract shape, truth apart.

A world too large for that is written block by block from the same parts (`table_parts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from models_ml.world import advertising, staffing
from models_ml.world.blocks import block_tables, finish_block, play, visitor_tables
from models_ml.world.clock import stamps
from models_ml.world.draws import Bools
from models_ml.world.plan import USUAL_TOUCHES, Plan, make_plan
from models_ml.world.scenario import scenario_of
from models_ml.world.truth import lead_truth, reference_truth

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class World:
    """`tables`: what systems hold, by contract name, times aware UTC; `truth`: what nobody outside may read.

    `as_of` is the moment the world was built until; every row with a `known_at` is known by then.
    """

    plan: Plan
    tables: Tables = field(repr=False)
    truth: Tables = field(repr=False)

    @property
    def seed(self) -> int:
        """Same seed, same rows."""
        return self.plan.seed

    @property
    def leads(self) -> int:
        """Lead records over the whole span."""
        return self.plan.leads

    @property
    def months(self) -> int:
        """Length of the span."""
        return self.plan.months

    @property
    def begin(self) -> pd.Timestamp:
        """The span's first moment."""
        return pd.Timestamp(self.plan.bounds[0])

    @property
    def as_of(self) -> pd.Timestamp:
        """The moment the world was built until."""
        return pd.Timestamp(self.plan.bounds[1])

    def known_between(self, since: pd.Timestamp | None, until: pd.Timestamp) -> Tables:
        """Tables cut to rows with since < known_at <= until; rows without known_at come with `since` None."""
        cut: Tables = {}
        for name, frame in self.tables.items():
            if "known_at" not in frame:
                cut[name] = frame if since is None else frame.iloc[:0]
                continue
            kept = frame["known_at"] <= until
            cut[name] = frame[kept if since is None else kept & (frame["known_at"] > since)].reset_index(drop=True)
        return cut


def build_world(
    leads: int = 20_000,
    seed: int = 7,
    months: int = 18,
    until: str | datetime | pd.Timestamp | None = None,
    *,
    scenario: str = "real",
    touches_per_lead: float = USUAL_TOUCHES,
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
    scenario
        `clean`, `real` or `hostile`: how much of the field's mess there is; people and true events are the same.
    touches_per_lead
        About how many touches there are for each lead, those of other visitors included; more of them say nothing.

    Raises
    ------
    ValueError
        If a number is too small, `until` lies outside the span, or there is no such scenario.
    """
    plan = make_plan(leads, seed, months, until, scenario=scenario_of(scenario), touches_per_lead=touches_per_lead)
    parts: dict[str, list[pd.DataFrame]] = {}
    truths: list[pd.DataFrame] = []
    for tables, truth in table_parts(plan):
        for name, frame in tables.items():
            parts.setdefault(name, []).append(frame)
        truths.extend([truth] if truth is not None else [])
    made = {name: finish(pd.concat(frames, ignore_index=True)) for name, frames in parts.items()}
    known_truth = {"leads": pd.concat(truths, ignore_index=True), **reference_truth(plan.members)}
    return World(plan, {**made, **reference_tables(plan)}, known_truth)


def table_parts(plan: Plan) -> Iterator[tuple[Tables, pd.DataFrame | None]]:
    """The world in pieces: contract tables (micros `known`, in no order), with the truth of their leads if any."""
    for number in plan.lead_blocks():
        block = play(plan, number)
        if block is None:
            break
        yield block_tables(plan, block), lead_truth(plan, block)
    for number in plan.visitor_blocks():
        yield visitor_tables(plan, number), None
    size = plan.leads / 20_000 * 18 / plan.months
    spend = advertising.spend_table(plan.draws, plan.scenario, plan.begin, plan.end, size)
    yield {"spend": finish_block(plan, "spend", spend)}, None


def reference_tables(plan: Plan) -> Tables:
    """Tables about the clinic itself, whole."""
    tables = staffing.reference_tables(plan.draws, plan.members, plan.begin, plan.end)
    return {name: _known_by(frame, plan.last) for name, frame in tables.items()}


def _known_by(frame: pd.DataFrame, last: int) -> pd.DataFrame:
    if "known_at" not in frame:
        return frame
    kept: Bools = (frame["known_at"] <= stamps(np.array([last]))[0]).to_numpy()
    return frame.loc[kept].reset_index(drop=True)


def finish(frame: pd.DataFrame) -> pd.DataFrame:
    """In the order rows became known, with known_at as the last column."""
    ordered = frame.iloc[np.argsort(frame["known"].to_numpy(), kind="stable")].reset_index(drop=True)
    known = stamps(ordered["known"].to_numpy())
    ordered = ordered.astype(dict.fromkeys(ordered.select_dtypes(["object", "str"]).columns, "str"))
    return ordered.drop(columns="known").assign(known_at=known)
