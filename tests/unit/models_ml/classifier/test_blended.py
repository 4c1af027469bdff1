"""The blend is the plain mean, unless the rows leave no doubt that one part deserves more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from models_ml.readiness.blended import Blend, fit_blend

Floats = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(0)
TRUTH = 1.5 * RANDOM.normal(size=3000)
LABELS = (RANDOM.random(3000) < expit(TRUTH)).astype(float)


def blend(logits: list[Floats]) -> Blend:
    return fit_blend(logits, LABELS, np.ones(3000))


def test_parts_that_are_about_as_good_are_averaged() -> None:
    for spreads in ((0.5, 0.5), (0.5, 0.55), (0.5, 0.5, 0.5)):
        slopes = blend([TRUTH + spread * RANDOM.normal(size=3000) for spread in spreads]).slopes
        assert np.ptp(slopes) < 1e-12 and 0.8 < slopes.sum() < 1.2


def test_a_part_that_tells_nothing_does_not_halve_what_another_tells() -> None:
    """Where columns tell only together, the additive part knew nothing, and half of the mean was its."""
    empty, known = 0.8 * RANDOM.normal(size=3000), TRUTH + 0.3 * RANDOM.normal(size=3000)
    for place, parts in enumerate(([known, empty], [empty, known], [empty, empty, known])):
        slopes = blend(parts).slopes
        assert slopes[place] > 0.8 * slopes.sum() > 0.7
    few = slice(0, 25)
    unsure = fit_blend([empty[few], known[few]], LABELS[few], np.ones(25)).slopes
    assert unsure[0] == unsure[1]
