"""Random numbers by address: the draw named (seed, stream, counters) is the same however many others are made.

That is what makes the world stable: a lead's draws depend on its number alone, not on how many leads there are
beside it or how far the world is built. Distributions the world needs stand here; what they are used for does not.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def _mix(bits: Bits) -> Bits:
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
    return np.asarray(bits ^ (bits >> np.uint64(31)), dtype=np.uint64)


class Draws:
    """Vectorised counter-based draws; every counter is an integer array (or scalar), all broadcast together."""

    def __init__(self, seed: int, branch: str = "") -> None:
        self.seed = seed
        self._prefix = f"{seed}|{branch}|" if branch else f"{seed}|"

    def branch(self, name: str) -> Draws:
        """Draws of the same seed that have nothing to do with these."""
        return Draws(self.seed, name)

    def bits(self, stream: str, *counters: npt.ArrayLike) -> Bits:
        """64 random bits for each combination of counters."""
        digest = hashlib.blake2b(f"{self._prefix}{stream}".encode(), digest_size=8).digest()
        with np.errstate(over="ignore"):
            state: Bits = np.array(int.from_bytes(digest, "big"), dtype=np.uint64)
            for counter in counters:
                steps = np.asarray(counter).astype(np.int64).astype(np.uint64) + np.uint64(1)
                state = _mix(state + steps * _GOLDEN)
            return _mix(state + _GOLDEN)

    def uniform(self, stream: str, *counters: npt.ArrayLike) -> Floats:
        """Floats strictly between 0 and 1."""
        high = (self.bits(stream, *counters) >> np.uint64(11)).astype(np.float64)
        return np.asarray((high + 0.5) / 9007199254740992.0, dtype=np.float64)

    def normal(self, stream: str, *counters: npt.ArrayLike) -> Floats:
        """Standard normal values (Box-Muller)."""
        radius = np.sqrt(-2.0 * np.log(self.uniform(stream + "|r", *counters)))
        angle = np.cos(2.0 * math.pi * self.uniform(stream + "|a", *counters))
        return np.asarray(radius * angle, dtype=np.float64)

    def exponential(self, stream: str, mean: npt.ArrayLike, *counters: npt.ArrayLike) -> Floats:
        """Exponential values of the given mean."""
        return np.asarray(-np.log(self.uniform(stream, *counters)) * np.asarray(mean), dtype=np.float64)

    def lognormal(self, stream: str, median: npt.ArrayLike, spread: float, *counters: npt.ArrayLike) -> Floats:
        """Lognormal values of the given median; `spread` is the standard deviation of their logarithm."""
        return np.asarray(np.asarray(median) * np.exp(spread * self.normal(stream, *counters)), dtype=np.float64)

    def chance(self, stream: str, probability: npt.ArrayLike, *counters: npt.ArrayLike) -> Bools:
        """True with the given probability."""
        return np.asarray(self.uniform(stream, *counters) < np.asarray(probability), dtype=np.bool_)

    def below(self, stream: str, count: npt.ArrayLike, *counters: npt.ArrayLike) -> Ints:
        """Whole numbers 0 .. count - 1, all equally likely."""
        return np.asarray(np.floor(self.uniform(stream, *counters) * np.asarray(count)), dtype=np.int64)

    def pick(self, stream: str, weights: npt.ArrayLike, *counters: npt.ArrayLike) -> Ints:
        """Index into the last axis of `weights` ((k,) or (n, k); need not sum to one)."""
        table = np.cumsum(np.asarray(weights, dtype=np.float64), axis=-1)
        point = self.uniform(stream, *counters)[..., None] * table[..., -1:]
        return np.asarray(np.minimum((point > table).sum(axis=-1), table.shape[-1] - 1), dtype=np.int64)

    def poisson(self, stream: str, mean: npt.ArrayLike, *counters: npt.ArrayLike, most: int = 10) -> Ints:
        """Poisson counts, cut off at `most`."""
        point = self.uniform(stream, *counters)
        rate = np.broadcast_to(np.asarray(mean, dtype=np.float64), point.shape)
        term = np.exp(-rate)
        total = term.copy()
        count = np.zeros(point.shape, dtype=np.int64)
        for number in range(1, most + 1):
            count += point > total
            term = term * rate / number
            total = total + term
        return count


def sigmoid(values: npt.ArrayLike) -> Floats:
    """Logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(values, dtype=np.float64))), dtype=np.float64)


def hex_ids(bits: Bits) -> npt.NDArray[np.object_]:
    """Sixteen hexadecimal digits for each value."""
    text = np.ascontiguousarray(bits, dtype=">u8").tobytes().hex().encode("ascii")
    return np.frombuffer(text, dtype="S16").astype("U16").astype(object)
