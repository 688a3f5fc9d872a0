"""Confidence: the calibrated probability, and the features that it weighs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from assistant.confidence import Calibration, Features
from assistant.pipeline import Assistant
from index.generation import Generation
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore

NAMES = [field.name for field in fields(Features)]
NOTHING = Features(*[0.0] * len(NAMES))
SHIPPED = json.loads((ROOT / "assistant" / "calibration.json").read_text("utf-8"))

Extract = Callable[[str, str], Features]


@pytest.fixture
def extract(
    encoder: OnnxEncoder,
    build_generation: Callable[[Mapping[str, str]], Generation],
    texts: TextStore,
) -> Extract:
    """The features of a question to one document, answered without a reader."""

    def features(question: str, document: str) -> Features:
        generation = build_generation({"guide.md": document})
        assistant = Assistant(generation, encoder, texts, Calibration(0, {}, 0))
        found = assistant.ask_with_assessment(question)[1].features
        assert found is not None
        return found

    return features


# --- the probability -----------------------------------------------------------------------------


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


@pytest.mark.parametrize("kind", ["plain", "reader"])
def test_shipped_calibration_weighs_every_feature(kind: str) -> None:
    calibration = Calibration.from_dict(SHIPPED[kind])
    assert list(calibration.weights) == NAMES
    assert 0 < calibration.threshold < 1
    assert calibration.method


def test_shipped_calibration_without_a_reader_gives_the_reader_no_weight() -> None:
    assert SHIPPED["plain"]["weights"]["reader"] == 0
    assert SHIPPED["plain"]["weights"]["reader_passage"] == 0


def test_features_come_in_the_order_of_their_names() -> None:
    features = Features(*[float(place) for place in range(len(NAMES))])
    assert features.vector() == list(range(len(NAMES)))
    assert features.similarity == 0 and features.reader_passage == len(NAMES) - 1


# --- the features --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "document", "missing"),
    [
        ("When was the pump built?", "The pump was built last March.", 0.0),
        ("When was the pump built?", "The pump was built by Ada Green.", 1.0),
    ],
)
def test_type_missing_is_taken_from_the_evidence(
    extract: Extract, question: str, document: str, missing: float
) -> None:
    assert extract(question, f"# Guide\n\n{document}\n").type_missing == missing


def test_covered_counts_words_in_the_evidence_and_coverage_those_around_it_too(
    extract: Extract,
) -> None:
    document = "# Guide\n\n## Pump\n\nBrass rusts slowly.\n"
    whole = extract("Does brass rust slowly?", document)
    part = extract("Does the brass of the pump rust slowly?", document)
    assert (whole.covered, whole.coverage) == pytest.approx((1.0, 1.0))
    assert part.covered < part.coverage < 1
    assert part.missing == whole.missing == 0


def test_absent_word_is_missing(extract: Extract) -> None:
    document = "# Guide\n\nThe pump of brass is red.\n"
    assert extract("Is the pump of brass red?", document).missing == 0
    assert 0 < extract("Is the pump of silver red?", document).missing <= 1


def test_absent_names_are_counted(
    extract: Extract,
) -> None:
    document = "# Guide\n\nAda Green built the pump in 1911.\n"
    assert extract("Did Ada Green build the pump?", document).names == 0
    assert extract("Did Ada Brown build the pump?", document).names == pytest.approx(1 / 2)
    assert extract("Did they build the pump?", document).names == 0


def test_evidence_about_the_opposite_contrasts(extract: Extract) -> None:
    document = "# Guide\n\nThe external customers pay for the pump.\n"
    assert extract("Do internal customers pay for the pump?", document).contrast == 1
    assert extract("Do external customers pay for the pump?", document).contrast == 0


def test_brevity_is_one_over_the_number_of_content_words(extract: Extract) -> None:
    document = "# Guide\n\nThe brass pump is red.\n"
    assert extract("pump?", document).brevity == 1
    assert extract("Is the brass pump red?", document).brevity == pytest.approx(1 / 3)


def test_margin_is_the_whole_score_without_a_rival(extract: Extract) -> None:
    alone = "# Guide\n\nThe pump is red.\n"
    rival = alone + "\n## More\n\nThe old pump is red too.\n"
    assert extract("Is the pump red?", alone).margin > 0.5
    assert extract("Is the pump red?", rival).margin < 0.2


def test_reader_features_are_zero_without_a_reader(extract: Extract) -> None:
    features = extract("Is the pump red?", "# Guide\n\nThe pump is red.\n")
    assert features.reader == features.reader_passage == 0
