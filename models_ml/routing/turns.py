"""Places given one lead at a time, where nothing has to be weighed against other leads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_ml.routing.asked import Numbers
from models_ml.routing.capacity import House


def in_turn(
    lead: Mapping[str, Any],
    reach: NDArray[np.int8],
    fullness: NDArray[np.float64],
    lots: NDArray[np.float64],
    team: Numbers,
    house: House,
) -> int:
    """The lead's place, -1 without one: in time first, then known to its person, then meant for such leads, then the
    one least full for its size, then by lot.

    reach, fullness, lots, team: of shape (places,).
    """
    places = np.flatnonzero(reach)
    if not len(places):
        return -1
    breadth = np.array([house.teams[number].breadth for number in team[places]])
    known = (team[places] == house.place.get(lead["previous_team_id"] or "", -1)).astype("int64")
    seat = house.seat_place.get(lead["previous_staff_id"] or "")
    if seat is not None and len(reach) == len(house.seats):
        known += places == seat
    return int(places[np.lexsort((places, lots[places], fullness[places], breadth, -known, -reach[places]))[0]])


class Lots:
    """Lots between 0 and 1, each drawn from the seed and two names."""

    def __init__(self, seed: int, names: Sequence[str]) -> None:
        self.seed = seed
        self.places = np.array([_number(name) for name in names], dtype="uint64")

    def of(self, lead_key: str) -> NDArray[np.float64]:
        """The lead's, of shape (places,)."""
        mixed = self.places ^ np.uint64(_number(f"{self.seed}|{lead_key}"))
        for factor, shift in ((0xBF58476D1CE4E5B9, 30), (0x94D049BB133111EB, 27)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        lots: NDArray[np.float64] = ((mixed >> np.uint64(11)).astype("float64") + 0.5) / 2.0**53
        return lots


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
