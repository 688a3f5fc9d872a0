"""What a confidence is worth, on cases small enough to reckon by hand."""

import numpy as np
import pytest

from assistant.risk import (
    area_under_risk,
    calibration_error,
    coverage_at,
    reliability,
    risk_coverage,
)

SURE = np.array([0.9, 0.8, 0.6, 0.3])
RIGHT = np.array([True, True, False, True])


def test_a_confidence_that_comes_true_as_often_as_it_says_has_no_error() -> None:
    confidences = np.array([0.75] * 4 + [0.25] * 4)
    truths = np.array([True] * 3 + [False] + [True] + [False] * 3)
    bins = reliability(confidences, truths)
    assert [(each.confidence, each.share, each.weight) for each in bins] == [
        (0.25, 0.25, 0.5),
        (0.75, 0.75, 0.5),
    ]
    assert calibration_error(bins) == 0


def test_the_error_is_how_far_they_lie_apart() -> None:
    bins = reliability(np.array([0.9, 0.9, 1.0]), np.array([False, False, True]))
    assert len(bins) == 1
    assert calibration_error(bins) == pytest.approx(2.8 / 3 - 1 / 3)


def test_weights_say_how_much_a_question_counts() -> None:
    (only,) = reliability(np.array([0.5, 0.5]), np.array([True, False]), np.array([3.0, 1.0]))
    assert only.share == 0.75


def test_risk_grows_with_what_is_answered_wrongly() -> None:
    coverages, risks = risk_coverage(SURE, RIGHT)
    assert coverages.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risks == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert area_under_risk(SURE, RIGHT) == pytest.approx((1 / 3 + 1 / 4) / 4)


@pytest.mark.parametrize(("risk", "coverage"), [(0.0, 0.5), (0.25, 1.0), (1.0, 1.0)])
def test_coverage_is_the_most_that_the_risk_allows(risk: float, coverage: float) -> None:
    assert coverage_at(SURE, RIGHT, risk) == coverage


def test_where_the_surest_is_wrong_nothing_can_be_answered_without_risk() -> None:
    assert coverage_at(np.array([0.9, 0.1]), np.array([False, True]), 0.0) == 0
