"""Places given one lead at a time, where nothing has to be weighed against other leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_ml.routing.asked import Numbers
from models_ml.routing.capacity import House


def in_turn(
    lead: Mapping[str, Any], reach: NDArray[np.int8], load: Numbers, size: Numbers, team: Numbers, house: House
) -> int:
    """The lead's place, -1 without one: in time first, then known to its person, then meant for such leads, then the
    one with the most room for its size, then by name.

    reach, load, size, team: of shape (places,).
    """
    places = np.flatnonzero(reach)
    if not len(places):
        return -1
    breadth = np.array([house.teams[number].breadth for number in team[places]])
    fullness = (2 * load[places] + 1) / size[places]
    known = (team[places] == house.place.get(lead["previous_team_id"] or "", -1)).astype("int64")
    seat = house.seat_place.get(lead["previous_staff_id"] or "")
    if seat is not None and len(load) == len(house.seats):
        known += places == seat
    return int(places[np.lexsort((places, fullness, breadth, -known, -reach[places]))[0]])
