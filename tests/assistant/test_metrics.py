"""Measures of a confidence, on cases small enough to calculate by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant import metrics

CONFIDENCES = np.array([0.9, 0.8, 0.6, 0.3])
RIGHT = np.array([True, True, False, True])
SCORES = st.lists(st.integers(0, 5), min_size=1, max_size=8)


def test_confidences_equal_to_the_share_of_truths_have_no_calibration_error() -> None:
    confidences = np.array([0.75] * 4 + [0.25] * 4)
    truths = np.array([True] * 3 + [False] + [True] + [False] * 3)
    bins = metrics.reliability(confidences, truths)
    assert [(each.confidence, each.share, each.weight) for each in bins] == [
        (0.25, 0.25, 0.5),
        (0.75, 0.75, 0.5),
    ]
    assert metrics.calibration_error(bins) == 0


def test_the_calibration_error_is_the_weighted_distance_of_confidence_and_share() -> None:
    truths = np.array([False, False, True])
    bins = metrics.reliability(np.array([0.9, 0.9, 1.0]), truths)
    assert len(bins) == 1
    assert metrics.calibration_error(bins) == pytest.approx(2.8 / 3 - 1 / 3)
    (weighted,) = metrics.reliability(np.array([0.9, 0.9, 1.0]), truths, np.array([1.0, 0.0, 3.0]))
    assert weighted.share == 0.75


def test_risk_is_the_share_of_wrong_answers_at_each_coverage() -> None:
    coverages, risks = metrics.risk_coverage(CONFIDENCES, RIGHT)
    assert coverages.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risks == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert metrics.area_under_risk(CONFIDENCES, RIGHT) == pytest.approx((1 / 3 + 1 / 4) / 4)


@pytest.mark.parametrize(
    ("right", "risk", "coverage"),
    [(RIGHT, 0.0, 0.5), (RIGHT, 0.25, 1), (RIGHT, 1, 1), (~RIGHT, 0, 0)],
)
def test_coverage_is_the_largest_within_the_risk(
    right: NDArray[np.bool_], risk: float, coverage: float
) -> None:
    assert metrics.coverage_at(CONFIDENCES, right, risk) == coverage


def test_auroc_is_the_share_of_ordered_pairs() -> None:
    # 0.9 is above 0.5 and 0.1; 0.5 ties with one and is above the other; 0.2 is above 0.1 only.
    assert metrics.auroc([0.9, 0.5, 0.2], [0.5, 0.1]) == pytest.approx((2 + 1.5 + 1) / 6)


def test_auroc_of_a_single_class_is_nan() -> None:
    assert math.isnan(metrics.auroc([], [1.0])) and math.isnan(metrics.auroc([1.0], []))


@given(SCORES, SCORES)
def test_auroc_equals_a_count_over_all_pairs(pos: list[int], neg: list[int]) -> None:
    pairs = [(p > n) + (p == n) / 2 for p in pos for n in neg]
    assert metrics.auroc(pos, neg) == pytest.approx(sum(pairs) / len(pairs))
    assert metrics.auroc(neg, pos) == pytest.approx(1 - metrics.auroc(pos, neg))
