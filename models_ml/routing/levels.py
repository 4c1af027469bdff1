"""Solves a flow for one aim after the other, each without giving up anything of those before it.

The matrix is that of a network, so a linear programme over it has whole answers (total unimodularity), and its best
answers are one face of the set of flows: the one on which every variable with a reduced cost stays where it is. Fixing
these keeps an aim exactly, without a row that says so, and the next aim is sought among what is left. Aims have whole
coefficients, hence whole reduced costs: nothing hangs on rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

Numbers = NDArray[np.int64]
_TOO_BIG_FOR_NOISE = 0.5


class RoutingError(RuntimeError):
    """The solver's answer was none: not whole, or outside its bounds. Says what failed, shows no value."""


class Levels:
    """A flow `matrix @ flow = 0`, `lower ≤ flow ≤ upper`, narrowed aim by aim.

    Parameters
    ----------
    matrix
        of shape (nodes, arcs), of a network.
    lower, upper
        of shape (arcs,), whole.
    """

    def __init__(self, matrix: csr_array, lower: Numbers, upper: Numbers) -> None:
        self.matrix = matrix
        self.lower = lower.copy()
        self.upper = upper.copy()
        self.flow: Numbers = lower.copy()
        self._is_solved = False
        self._reached: list[tuple[Numbers, int]] = []

    def reach_for(self, aim: Numbers) -> int:
        """Make `aim @ flow` as great as it can be, keep it there, return it."""
        open_arcs = self.lower < self.upper
        if not self._is_solved or (aim[open_arcs] != 0).any():
            self._solve(aim)
        reached = int(aim @ self.flow)
        self._reached.append((aim, reached))
        return reached

    def _solve(self, aim: Numbers) -> None:
        answer = linprog(
            -aim.astype("float64"),
            A_eq=self.matrix,
            b_eq=np.zeros(self.matrix.shape[0]),
            bounds=np.column_stack([self.lower, self.upper]).astype("float64"),
            method="highs-ds",
        )
        if answer.status != 0:
            raise RoutingError(f"no flow found: {answer.message}")
        flow = np.rint(answer.x).astype("int64")
        self._check(flow, answer.x)
        # Should a solver's noise ever let an earlier aim slip, the flow found before is kept: it is the better one.
        if any(int(earlier @ flow) < reached for earlier, reached in self._reached):
            return
        reduced = answer.lower.marginals + answer.upper.marginals
        kept = np.abs(reduced) > _TOO_BIG_FOR_NOISE
        self.lower[kept] = self.upper[kept] = flow[kept]
        self.flow, self._is_solved = flow, True

    def _check(self, flow: Numbers, told: NDArray[np.float64]) -> None:
        if len(told) and np.abs(told - flow).max() > 1e-5:
            raise RoutingError("the flow found is not whole")
        if (self.matrix @ flow).any() or (flow < self.lower).any() or (flow > self.upper).any():
            raise RoutingError("the flow found does not keep its limits")
