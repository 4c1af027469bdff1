"""What is true in the world and no system records: the person behind a lead, latents, true chances and true times.

Frames for tests and benchmarks; nothing the pipeline reads is made from them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models_ml.world import clinic, delays, habits, staffing
from models_ml.world.blocks import Block
from models_ml.world.clock import stamps
from models_ml.world.draws import Draws, Ints, hex_ids
from models_ml.world.plan import Plan
from models_ml.world.plays import HORIZONS, sql_moments, true_chances
from models_ml.world.texts import Texts, lead_ids

_TIMES = {
    "house_mql_at": "mql_at", "worked_at": "worked_at", "contacted_at": "contacted_at",
    "qualified_at": "qualified_at", "refused_at": "refused_at", "self_booked_at": "self_booked_at",
    "booked_at": "booked_at", "held_at": "held_at",
}  # fmt: skip


def lead_truth(plan: Plan, block: Block) -> pd.DataFrame:
    """One row per lead: person, latents, chances of being reached and of qualifying, times of what truly happened.

    `p_sql_within_<days>` is P(SQL | what was knowable when the clinic's own rule made it an MQL).
    """
    cast, story = block.cast, block.story
    ready = sql_moments(cast, story["qualified_at"].to_numpy(), story["self_booked_at"].to_numpy())
    chances = true_chances(plan, block)
    return pd.DataFrame({
        "lead_id": lead_ids(cast["number"].to_numpy()), "person_id": person_ids(plan.draws, cast["person"].to_numpy()),
        "is_duplicate": cast["is_duplicate"].to_numpy(), "need": cast["need"].to_numpy(),
        "fit": cast["fit"].to_numpy(), "intent": cast["intent"].to_numpy(),
        "p_reached": story["p_reached"].to_numpy(), "p_qualified": story["p_qualified"].to_numpy(),
        **{f"p_sql_within_{days}": chances[:, place] for place, days in enumerate(HORIZONS)},
        "staff_id": plan.members["staff_id"].to_numpy()[story["staff"]],
        **{name: stamps(story[column].to_numpy()) for name, column in _TIMES.items()},
        "sql_at": stamps(ready),
    })  # fmt: skip


def person_ids(draws: Draws, person: Ints) -> Texts:
    """Names of the people behind leads, in a space of their own: no system has them."""
    return np.asarray("person_" + hex_ids(draws.branch("truth").bits("person", person)), dtype=np.object_)


def reference_truth(members: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Staff's severity and speed, what channels truly add, what signals truly say, and the true delays."""
    return {
        "staff": pd.DataFrame({"staff_id": members["staff_id"].to_numpy(),
                               "team_id": [staffing.TEAMS[team].id for team in members["team"]],
                               "severity": members["severity"], "speed": members["speed"]}),
        "channels": pd.DataFrame({"channel": clinic.CHANNELS, "effect": clinic.CHANNEL_EFFECT}),
        "signals": signal_truth(),
        "delays": pd.DataFrame([vars(delay) for delay in delays.ALL]).rename(columns={"stream": "name"}),
    }  # fmt: skip


def signal_truth() -> pd.DataFrame:
    """What each signal says of a lead: the change of the log of how often it is given, per unit of intent.

    One row per signal. `effect` is taken between half a unit below and above average intent, over all ways the signal
    can be given after the lead or in visits; what the channel that brought the lead says is `channels.effect`.
    """
    both = np.array([-0.5, 0.5])
    visits = (habits.visits_before(both) + habits.visits_after(both)) * (1 + habits.pages_more(both))
    weights = habits.page_weights(both) / habits.page_weights(both).sum(axis=-1, keepdims=True)
    rates = {signal: visits * weights[:, place] for place, signal in enumerate(habits.PAGE_SIGNALS)}
    for kind in habits.LATER:
        rates[kind.signal] = rates.get(kind.signal, 0.0) + kind.chance(both)
    rates[clinic.EMAIL_CLICK] = habits.email_clicks(both)
    rates[clinic.APPOINTMENT_REQUEST] = habits.asks(both)
    rates[clinic.REGISTERED] = habits.registers(both)
    rates[clinic.ATTENDED] = habits.attends(both)
    effect = {signal: float(np.diff(np.log(rate))[0]) for signal, rate in rates.items()}
    # A referral is given by the channel alone.
    effect[clinic.REFERRAL_RECEIVED] = float(clinic.CHANNEL_EFFECT[clinic.REFERRAL])
    values = [effect[signal] for signal in range(len(clinic.SIGNALS))]
    return pd.DataFrame({"signal": clinic.SIGNALS, "effect": values, "matters": [value > 0.05 for value in values]})
