"""What a confidence is worth, on cases small enough to reckon by hand."""

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


def test_auroc_is_how_often_an_answerable_question_scores_higher() -> None:
    # 0.9 beats 0.5 and 0.1; 0.5 ties with one and beats the other; 0.2 beats 0.1 only.
    assert auroc([0.9, 0.5, 0.2], [0.5, 0.1]) == pytest.approx((2 + 1.5 + 1) / 6)
    assert auroc([2, 3], [0, 1]) == 1
    assert auroc([0, 1], [2, 3]) == 0
    assert auroc([1, 1], [1]) == 0.5


def test_auroc_of_one_class_alone_is_no_number() -> None:
    assert math.isnan(auroc([], [1.0]))
    assert math.isnan(auroc([1.0], []))


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
)
def test_auroc_is_what_counting_all_pairs_gives(pos: list[int], neg: list[int]) -> None:
    pairs = [(p > n) + (p == n) / 2 for p in pos for n in neg]
    assert auroc(pos, neg) == pytest.approx(sum(pairs) / len(pairs))
    assert auroc(neg, pos) == pytest.approx(1 - auroc(pos, neg))
