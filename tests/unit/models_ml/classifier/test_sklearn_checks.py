"""scikit-learn's own checks. None is left out; the array API check skips itself unless that API is switched on."""

from typing import Any

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from models_ml.readiness import ReadinessClassifier


@parametrize_with_checks([ReadinessClassifier()])
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


# Cross-fitting puts repeated rows into different folds, so only the points tier gives the same bits for a weight of
# two and for a row that stands there twice.
WEIGHT_AS_REPETITION = {
    "check_sample_weight_equivalence_on_dense_data": "folds tell repeated rows from weighted ones",
}


@pytest.mark.nightly
@pytest.mark.parametrize("tier", ["small", "full"])
def test_scikit_learns_checks_of_a_forced_tier(tier: Any) -> None:
    for estimator, check in estimator_checks_generator(
        ReadinessClassifier(tier=tier, random_state=0), expected_failed_checks=WEIGHT_AS_REPETITION, mark="skip"
    ):
        try:
            check(estimator)
        except pytest.skip.Exception:
            continue
