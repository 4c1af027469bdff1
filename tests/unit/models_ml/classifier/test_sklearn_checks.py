"""scikit-learn's own checks. Left out is one: it skips itself unless arrays of other libraries are switched on."""

from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

from models_ml.readiness import ReadinessClassifier

OTHER_ARRAYS = "check_array_api_input"
CHECKS = [
    check for _, check in estimator_checks_generator(ReadinessClassifier()) if check.func.__name__ != OTHER_ARRAYS
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.func.__name__))
def test_scikit_learns_checks(check: Any) -> None:
    check(ReadinessClassifier())


# Cross-fitting puts repeated rows into different folds, so only the points tier gives the same bits for a weight of
# two and for a row that stands there twice.
WEIGHT_AS_REPETITION = {
    "check_sample_weight_equivalence_on_dense_data": "folds tell repeated rows from weighted ones",
}


@pytest.mark.nightly
@pytest.mark.parametrize("tier", ["small", "full"])
def test_scikit_learns_checks_of_a_forced_tier(tier: Any) -> None:
    # A check that skips itself must not end the others.
    told = check_estimator(
        ReadinessClassifier(tier=tier, random_state=0), expected_failed_checks=WEIGHT_AS_REPETITION, on_skip=None
    )
    others = {each["check_name"]: each["status"] for each in told if each["status"] != "passed"}
    assert others.pop(OTHER_ARRAYS, "skipped") == "skipped" and set(others) <= set(WEIGHT_AS_REPETITION), others
    assert len(told) >= len(CHECKS)
