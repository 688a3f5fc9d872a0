"""Measures of a confidence, on cases small enough to calculate by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.metrics import (
    area_under_risk,
    auroc,
    calibration_error,
    coverage_at,
    reliability,
    risk_coverage,
)

CONFIDENCES = np.array([0.9, 0.8, 0.6, 0.3])
RIGHT = np.array([True, True, False, True])
SCORES = st.lists(st.integers(0, 5), min_size=1, max_size=8)


def test_confidences_equal_to_the_share_of_truths_have_no_calibration_error() -> None:
    confidences = np.array([0.75] * 4 + [0.25] * 4)
    truths = np.array([True] * 3 + [False] + [True] + [False] * 3)
    bins = reliability(confidences, truths)
    assert [(each.confidence, each.share, each.weight) for each in bins] == [
        (0.25, 0.25, 0.5),
        (0.75, 0.75, 0.5),
    ]
    assert calibration_error(bins) == 0


def test_the_calibration_error_is_the_distance_of_confidence_and_share() -> None:
    bins = reliability(np.array([0.9, 0.9, 1.0]), np.array([False, False, True]))
    assert len(bins) == 1
    assert calibration_error(bins) == pytest.approx(2.8 / 3 - 1 / 3)


def test_questions_can_have_weights() -> None:
    (only,) = reliability(np.array([0.5, 0.5]), np.array([True, False]), np.array([3.0, 1.0]))
    assert only.share == 0.75


def test_risk_is_the_share_of_wrong_answers_at_each_coverage() -> None:
    coverages, risks = risk_coverage(CONFIDENCES, RIGHT)
    assert coverages.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risks == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert area_under_risk(CONFIDENCES, RIGHT) == pytest.approx((1 / 3 + 1 / 4) / 4)


@pytest.mark.parametrize(("risk", "coverage"), [(0.0, 0.5), (0.25, 1.0), (1.0, 1.0)])
def test_coverage_is_the_largest_within_the_risk(risk: float, coverage: float) -> None:
    assert coverage_at(CONFIDENCES, RIGHT, risk) == coverage


def test_if_the_most_confident_answer_is_wrong_no_coverage_is_without_risk() -> None:
    assert coverage_at(np.array([0.9, 0.1]), np.array([False, True]), 0.0) == 0


def test_auroc_is_the_share_of_ordered_pairs() -> None:
    # 0.9 is above 0.5 and 0.1; 0.5 ties with one and is above the other; 0.2 is above 0.1 only.
    assert auroc([0.9, 0.5, 0.2], [0.5, 0.1]) == pytest.approx((2 + 1.5 + 1) / 6)


def test_auroc_of_a_single_class_is_nan() -> None:
    assert math.isnan(auroc([], [1.0])) and math.isnan(auroc([1.0], []))


@given(SCORES, SCORES)
def test_auroc_equals_a_count_over_all_pairs(pos: list[int], neg: list[int]) -> None:
    pairs = [(p > n) + (p == n) / 2 for p in pos for n in neg]
    assert auroc(pos, neg) == pytest.approx(sum(pairs) / len(pairs))
    assert auroc(neg, pos) == pytest.approx(1 - auroc(pos, neg))
