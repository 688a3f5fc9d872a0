"""Confidence: the calibrated probability, and the features that it weighs."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace

import pytest
from builders import AssistantOpener
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from assistant.confidence import Calibration, Features

NAMES = [field.name for field in fields(Features)]
NOTHING = Features(*[0.0] * len(NAMES))
SHIPPED = json.loads((ROOT / "assistant" / "calibration.json").read_text("utf-8"))

Extract = Callable[[str, str], Features]


@pytest.fixture
def extract(open_assistant: AssistantOpener) -> Extract:
    """The features of a question to one document, without a reader."""

    def features(question: str, text: str) -> Features:
        assistant = open_assistant({"guide.md": f"# Guide\n\n{text}\n"}, Calibration(0, {}, 0))
        found = assistant.ask_with_assessment(question)[1].features
        assert found
        return found

    return features


@given(
    st.floats(-1e6, 1e6),
    st.dictionaries(st.sampled_from(NAMES), st.floats(-1e6, 1e6)),
    st.lists(st.floats(-10, 10), min_size=len(NAMES), max_size=len(NAMES)),
)
def test_probability_is_between_zero_and_one(
    bias: float, weights: dict[str, float], values: list[float]
) -> None:
    assert 0 <= Calibration(bias, weights, 0.5).probability(Features(*values)) <= 1


@given(st.sampled_from(NAMES), st.floats(0.1, 5), st.floats(-1, 1), st.floats(-1, 1))
def test_probability_grows_with_a_positive_weight_and_falls_with_a_negative_one(
    name: str, weight: float, one: float, other: float
) -> None:
    low, high = (replace(NOTHING, **{name: value}) for value in sorted([one, other]))
    positive, negative = (Calibration(0.2, {name: w}, 0.5) for w in (weight, -weight))
    assert positive.probability(low) <= positive.probability(high)
    assert negative.probability(low) >= negative.probability(high)
    if asdict(high)[name] - asdict(low)[name] > 1e-6:
        assert positive.probability(low) < positive.probability(high)


def test_probability_is_the_logistic_of_the_weighted_sum() -> None:
    calibration = Calibration(-1.0, {"similarity": 2.0, "names": -0.5}, 0.5)
    features = replace(NOTHING, similarity=0.75, names=1.0, margin=9.0)
    assert calibration.probability(features) == pytest.approx(0.5)  # -1 + 1.5 - 0.5 = 0
    assert replace(calibration, bias=0.0).probability(features) == pytest.approx(0.7310586)


def test_corrected_question_needs_more_confidence() -> None:
    calibration = Calibration(0.0, {}, 0.5)
    assert calibration.probability(NOTHING, is_corrected=True) < calibration.probability(NOTHING)


def test_weight_without_a_feature_counts_nothing() -> None:
    assert Calibration(0.0, {"of a later version": 5.0}, 0.5).probability(NOTHING) == 0.5


def test_calibration_survives_storage() -> None:
    calibration = Calibration(0.1, {"similarity": 2.5}, 0.4, "by hand", {"faq": 3})
    assert Calibration.from_dict(json.loads(json.dumps(asdict(calibration)))) == calibration


def test_other_keys_are_not_a_calibration() -> None:
    with pytest.raises(TypeError):
        Calibration.from_dict({"bias": 0.0, "weights": {}})
    with pytest.raises(TypeError):
        Calibration.from_dict({"bias": 0.0, "weights": {}, "threshold": 0.5, "temperature": 1.0})


def test_shipped_calibrations_weigh_every_feature() -> None:
    for kind in ("plain", "reader"):
        calibration = Calibration.from_dict(SHIPPED[kind])
        assert list(calibration.weights) == NAMES
        assert 0 < calibration.threshold < 1
        assert calibration.method
    plain = SHIPPED["plain"]["weights"]
    assert plain["reader"] == plain["reader_passage"] == 0


def test_features_come_in_the_order_of_their_names() -> None:
    features = Features(*[float(place) for place in range(len(NAMES))])
    assert features.vector() == list(range(len(NAMES)))
    assert features.similarity == 0 and features.reader_passage == len(NAMES) - 1


@pytest.mark.parametrize(
    ("feature", "question", "text", "expected"),
    [
        ("type_missing", "When was the pump built?", "The pump was built last March.", 0),
        ("type_missing", "When was the pump built?", "The pump was built by Ada Green.", 1),
        ("missing", "Is the pump of brass red?", "The pump of brass is red.", 0),
        ("names", "Did Ada Green build the pump?", "Ada Green built the pump in 1911.", 0),
        ("names", "Did Ada Brown build the pump?", "Ada Green built the pump in 1911.", 1 / 2),
        ("names", "Did they build the pump?", "Ada Green built the pump in 1911.", 0),
        ("contrast", "Do internal customers pay?", "The external customers pay.", 1),
        ("contrast", "Do external customers pay?", "The external customers pay.", 0),
        ("brevity", "pump?", "The brass pump is red.", 1),
        ("brevity", "Is the brass pump red?", "The brass pump is red.", 1 / 3),
        ("reader", "Is the pump red?", "The pump is red.", 0),
        ("reader_passage", "Is the pump red?", "The pump is red.", 0),
    ],
)
def test_feature_describes_the_evidence(
    extract: Extract, feature: str, question: str, text: str, expected: float
) -> None:
    assert getattr(extract(question, text), feature) == pytest.approx(expected)


def test_covered_counts_words_in_the_evidence_and_coverage_those_around_it_too(
    extract: Extract,
) -> None:
    text = "## Pump\n\nBrass rusts slowly."
    whole = extract("Does brass rust slowly?", text)
    part = extract("Does the brass of the pump rust slowly?", text)
    assert (whole.covered, whole.coverage) == pytest.approx((1.0, 1.0))
    assert part.covered < part.coverage < 1
    assert part.missing == whole.missing == 0
    assert 0 < extract("Does silver rust slowly?", text).missing <= 1


def test_margin_is_the_whole_score_without_a_rival(extract: Extract) -> None:
    alone = "The pump is red."
    assert extract("Is the pump red?", alone).margin > 0.5
    rival = f"{alone}\n\n## More\n\nThe old pump is red too."
    assert extract("Is the pump red?", rival).margin < 0.2
