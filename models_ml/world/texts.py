"""Columns of text with gaps: record ids and values blanked where a system has nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models_ml.world.draws import Bools, Ints

Texts = npt.NDArray[np.object_]


def lead_ids(number: Ints) -> Texts:
    """Record ids as the CRM numbers them."""
    if not len(number):
        return np.zeros(0, dtype=np.object_)
    return np.asarray(np.char.add("lead", np.char.zfill(number.astype("U9"), 6)), dtype=np.object_)


def blank(values: npt.ArrayLike, where: npt.ArrayLike) -> Texts:
    """A copy of the values as objects, None where told."""
    result = np.array(values, dtype=np.object_)
    result[np.asarray(where, dtype=np.bool_)] = None
    return result


def keep(values: npt.ArrayLike, where: npt.ArrayLike) -> Texts:
    """A copy of the values as objects, None everywhere else."""
    kept: Bools = np.asarray(where, dtype=np.bool_)
    return blank(values, ~kept)
