"""Additive contributions of boosted trees: Shapley values of the tree game, exact, by the leaves of each tree.

The game is path-dependent TreeSHAP's: a split on a column that is not known is taken both ways, weighted by the
training rows that went each way. A leaf's part depends on the row only through which columns of its path agree with
it, so each tree is worked out once for every distinct pattern of its decisions and looked up for the rows.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def tree_effects(booster: Any, matrix: Floats) -> tuple[float, Floats]:
    """(base, effects) of a fitted binary HistGradientBoostingClassifier without native categories.

    `matrix` (rows, columns) as it was fitted; effects have its shape; base + their sum over columns is the raw score.
    """
    base = float(np.ravel(booster._baseline_prediction)[0])
    effects = np.zeros(matrix.shape, order="F")
    for (predictor,) in booster._predictors:
        mean, columns, patterns, table = _tree(predictor.nodes, matrix)
        base += mean
        for place, column in enumerate(columns):
            effects[:, column] += table[patterns, place]
    return base, effects


def _tree(nodes: npt.NDArray[Any], matrix: Floats) -> tuple[float, list[int], npt.NDArray[np.intp], Floats]:
    """(mean value, columns split on, pattern of each row, effects by pattern and column) of one tree."""
    splits = np.flatnonzero(nodes["is_leaf"] == 0)
    columns = sorted({int(column) for column in nodes["feature_idx"][splits]})
    leaves = _leaves(nodes)
    mean = sum(leaf_value * count for leaf_value, count, _ in leaves) / max(int(nodes["count"][0]), 1)
    if not len(splits):
        return float(mean), [], np.zeros(len(matrix), dtype=np.intp), np.zeros((1, 0))
    goes_left = np.empty((len(splits), len(matrix)), dtype=bool)
    for place, split in enumerate(nodes[splits]):
        values = matrix[:, split["feature_idx"]]
        goes_left[place] = values <= split["num_threshold"]
        if split["missing_go_to_left"]:
            goes_left[place] |= np.isnan(values)
    packed = np.packbits(goes_left, axis=0)
    distinct, patterns = _distinct(packed)
    decisions = goes_left[:, distinct].T
    position = {int(split): place for place, split in enumerate(splits)}
    table = np.zeros((len(distinct), len(columns)))
    for value, _, path in leaves:
        owners, agreement, shares = _path_game(path, position, decisions, nodes)
        parts = value * _shapley(agreement, shares)
        for place, owner in enumerate(owners):
            table[:, columns.index(owner)] += parts[:, place]
    return float(mean), columns, patterns, table


def _distinct(packed: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(a row of each distinct pattern, pattern of each row); the bits of a row stand in its column."""
    if len(packed) <= 2:
        wide = packed[0].astype(np.intp) * 256 + (packed[1] if len(packed) > 1 else 0)
        first = np.full(65536, -1, dtype=np.intp)
        first[wide[::-1]] = np.arange(len(wide) - 1, -1, -1)
        seen = np.flatnonzero(first >= 0)
        code = np.empty(65536, dtype=np.intp)
        code[seen] = np.arange(len(seen))
        return first[seen], code[wide]
    _, distinct, patterns = np.unique(packed, axis=1, return_index=True, return_inverse=True)
    return distinct, np.ravel(patterns)


def _leaves(nodes: npt.NDArray[Any]) -> list[tuple[float, int, list[tuple[int, bool]]]]:
    """(value, training rows, path of (split, whether left)) of each leaf."""
    found: list[tuple[float, int, list[tuple[int, bool]]]] = []
    waiting: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])]
    while waiting:
        place, path = waiting.pop()
        node = nodes[place]
        if node["is_leaf"]:
            found.append((float(node["value"]), int(node["count"]), path))
        else:
            waiting.append((int(node["right"]), [*path, (place, False)]))
            waiting.append((int(node["left"]), [*path, (place, True)]))
    return found


def _path_game(
    path: list[tuple[int, bool]], position: dict[int, int], decisions: Bools, nodes: npt.NDArray[Any]
) -> tuple[list[int], Bools, list[float]]:
    """(columns of the path, whether each pattern agrees by column, share of training rows that pass by column)."""
    owners: list[int] = []
    agreement: list[Bools] = []
    shares: list[float] = []
    for split, is_left in path:
        node = nodes[split]
        child = int(node["left"] if is_left else node["right"])
        share = float(nodes["count"][child]) / float(node["count"])
        agrees = decisions[:, position[split]] == is_left
        owner = int(node["feature_idx"])
        if owner in owners:
            place = owners.index(owner)
            agreement[place] = agreement[place] & agrees
            shares[place] *= share
        else:
            owners.append(owner)
            agreement.append(agrees)
            shares.append(share)
    return owners, np.column_stack(agreement), shares


def _shapley(agreement: Bools, shares: list[float]) -> Floats:
    """Shapley values of the product game: a known player counts 1 or 0 (`agreement`), an unknown one its share."""
    rows, players = agreement.shape
    weights = [factorial(size) * factorial(players - 1 - size) / factorial(players) for size in range(players)]
    values = np.empty((rows, players))
    known = agreement.astype(np.float64)
    for player in range(players):
        # The polynomial whose coefficient of t^s sums over the coalitions of s other players.
        sums = np.zeros((players, rows))
        sums[0] = 1.0
        reached = 0
        for other in range(players):
            if other != player:
                reached += 1
                for size in range(reached, 0, -1):
                    sums[size] = sums[size] * shares[other] + sums[size - 1] * known[:, other]
                sums[0] *= shares[other]
        values[:, player] = (known[:, player] - shares[player]) * sum(w * s for w, s in zip(weights, sums, strict=True))
    return values
