"""Arcs and nodes of a flow, as columns and rows of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from models_ml.routing.asked import Groups, Numbers, Supply

SERVED, TIMELY, KNOWN, ON, PLACED, SPREAD, LEAVING, STEP = range(8)  # kinds of arcs
OUTSIDE = -1  # tail of arcs that begin the flow, head of arcs that end it


@dataclass(frozen=True)
class Arcs:
    """Columns of the matrix, each from a tail to a head, with what is needed to say what it counts."""

    kind: Numbers
    tail: Numbers
    head: Numbers
    lower: Numbers
    upper: Numbers
    start: Numbers  # lead (SERVED, TIMELY), group (KNOWN, ON), class (PLACED), type (SPREAD), place (STEP)
    place: Numbers  # the place it leads to or comes from; of a type, its first; -1 where none
    points: Numbers  # KNOWN, PLACED: of continuity; STEP: the cost of its leads

    def at(self, which: Numbers | NDArray[np.bool_] | slice) -> Arcs:
        """Some of them."""
        return Arcs(*(getattr(self, name.name)[which] for name in fields(self)))

    def within(self, lower: Numbers, upper: Numbers) -> Arcs:
        """The same between other bounds."""
        return replace(self, lower=lower, upper=upper)

    def counting(self, kind: int, value: Numbers) -> Numbers:
        """For each arc of a kind the value of what it starts at, 0 for the others."""
        is_kind = self.kind == kind
        return np.where(is_kind, value[np.where(is_kind, self.start, 0)], 0)

    def matrix(self, node_count: int) -> csr_array:
        """Of shape (nodes, arcs): what flows in less what flows out, nothing in a flow."""
        columns = np.arange(len(self.kind))
        into, out = self.head != OUTSIDE, self.tail != OUTSIDE
        entries = np.concatenate([np.ones(into.sum()), -np.ones(out.sum())])
        rows = np.concatenate([self.head[into], self.tail[out]])
        places = (rows, np.concatenate([columns[into], columns[out]]))
        return csr_array((entries, places), shape=(node_count, len(columns)))


def make_arcs(
    kind: int,
    tail: Numbers,
    head: Numbers,
    upper: Numbers,
    start: Numbers,
    *,
    place: Numbers | None = None,
    points: Numbers | None = None,
) -> Arcs:
    """Arcs of one kind, from nothing to `upper`."""
    nothing = np.zeros(len(start), dtype="int64")
    return Arcs(
        nothing + kind,
        nothing + tail,
        nothing + head,
        nothing,
        nothing + upper,
        nothing + start,
        nothing - 1 if place is None else nothing + place,
        nothing if points is None else nothing + points,
    )


def join_arcs(parts: Sequence[Arcs]) -> Arcs:
    """All of them, in order."""
    return Arcs(*(np.concatenate([getattr(part, name.name) for part in parts]) for name in fields(Arcs)))


class Nodes:
    """Row of each node: groups and classes, twice (once for leads in time), types, places, teams."""

    def __init__(self, groups: Groups, supply: Supply) -> None:
        group_count, class_count = len(groups.group_class), len(groups.class_row)
        sizes = [group_count, group_count, class_count, class_count]
        sizes += [len(groups.type_place), len(supply.free), len(supply.team_free)]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        self.served, self.timely, self.late_class, self.timely_class, self.type, self.place, self.team = starts[:7]
        self.count = int(starts[7])
