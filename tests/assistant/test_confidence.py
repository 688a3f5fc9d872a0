"""How sure: the calibrated probability and the features that it weighs."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from conftest import ROOT, Writer
from hypothesis import given
from hypothesis import strategies as st

from assistant.confidence import Calibration, Features
from assistant.pipeline import Assistant
from corpus.loader import load_corpus
from index.build import build
from index.generation import (
    DataFolder,
)
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore

NAMES = [field.name for field in fields(Features)]
NOTHING = Features(*[0.0] * len(NAMES))
SHIPPED = json.loads((ROOT / "assistant" / "calibration.json").read_text("utf-8"))

Measurer = Callable[..., Features]


@pytest.fixture
def measured(encoder: OnnxEncoder, folder_of: Writer, tmp_path: Path) -> Measurer:
    """The features of a question to one document, answered without a reader."""

    @contextmanager
    def opened(document: str) -> Iterator[Assistant]:
        data = DataFolder(tmp_path / "data")
        build(load_corpus(folder_of({"guide.md": document})), encoder, "test", data, {})
        with closing(data.open(encoder.fingerprint)) as generation:
            yield Assistant(generation, encoder, TextStore(data.texts), Calibration(0, {}, 0))

    def features(question: str, document: str) -> Features:
        with opened(document) as assistant:
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
def test_a_probability_lies_between_nought_and_one(
    bias: float, weights: dict[str, float], values: list[float]
) -> None:
    assert 0 <= Calibration(bias, weights, 0.5).probability(Features(*values)) <= 1


@given(st.sampled_from(NAMES), st.floats(0.1, 5), st.floats(-1, 1), st.floats(-1, 1))
def test_more_of_what_speaks_for_it_makes_surer_and_of_what_speaks_against_it_less(
    name: str, weight: float, one: float, other: float
) -> None:
    low, high = (replace(NOTHING, **{name: value}) for value in sorted([one, other]))
    speaks_for, speaks_against = (Calibration(0.2, {name: w}, 0.5) for w in (weight, -weight))
    assert speaks_for.probability(low) <= speaks_for.probability(high)
    assert speaks_against.probability(low) >= speaks_against.probability(high)
    if asdict(high)[name] - asdict(low)[name] > 1e-6:
        assert speaks_for.probability(low) < speaks_for.probability(high)


def test_the_probability_is_the_logistic_of_the_weighted_sum() -> None:
    calibration = Calibration(-1.0, {"similarity": 2.0, "names": -0.5}, 0.5)
    features = replace(NOTHING, similarity=0.75, names=1.0, margin=9.0)
    assert calibration.probability(features) == pytest.approx(0.5)  # -1 + 1.5 - 0.5 = 0
    assert replace(calibration, bias=0.0).probability(features) == pytest.approx(0.7310586)


def test_a_weight_without_its_feature_counts_nothing() -> None:
    assert Calibration(0.0, {"of a later version": 5.0}, 0.5).probability(NOTHING) == 0.5


def test_a_calibration_is_the_same_after_it_was_stored() -> None:
    calibration = Calibration(0.1, {"similarity": 2.5}, 0.4, "by hand", {"faq": 3})
    assert Calibration.from_dict(json.loads(json.dumps(asdict(calibration)))) == calibration


def test_what_is_no_calibration_is_not_taken_for_one() -> None:
    with pytest.raises(TypeError):
        Calibration.from_dict({"bias": 0.0, "weights": {}})
    with pytest.raises(TypeError):
        Calibration.from_dict({"bias": 0.0, "weights": {}, "threshold": 0.5, "temperature": 1.0})


@pytest.mark.parametrize("kind", ["plain", "reader"])
def test_the_shipped_calibration_weighs_every_feature(kind: str) -> None:
    calibration = Calibration.from_dict(SHIPPED[kind])
    assert list(calibration.weights) == NAMES
    assert 0 < calibration.threshold < 1
    assert calibration.method


def test_the_shipped_calibration_without_a_reader_gives_the_reader_no_weight() -> None:
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
        ("What year was the pump built?", "The pump was built in 1911.", 0.0),
        ("What year was the pump built?", "The pump was built in the 18th century.", 0.0),
        ("What year was the pump built?", "The pump was built last March.", 1.0),
        ("When was the pump built?", "The pump was built last March.", 0.0),
        ("When was the pump built?", "The pump was built by Ada Green.", 1.0),
        ("How many pumps are there?", "There are three pumps.", 0.0),
        ("How many pumps are there?", "There are 3 pumps.", 0.0),
        ("How many pumps are there?", "There are pumps in plenty.", 1.0),
        ("Who built the pump?", "The old pump was built by Ada Green.", 0.0),
        ("Who built the pump?", "The old pump was built of brass.", 1.0),
        ("Why does the pump stop?", "The pump stops because it is hot.", 0.0),
        ("Why does the pump stop?", "The pump stops now and then.", 1.0),
        ("Is the pump red?", "The pump looks blue today.", 0.0),
    ],
)
def test_evidence_lacks_the_kind_of_thing_that_is_asked_for_or_has_it(
    measured: Measurer, question: str, document: str, missing: float
) -> None:
    assert measured(question, f"# Guide\n\n{document}\n").type_missing == missing


def test_covered_counts_the_question_words_in_the_evidence_and_coverage_those_around_it(
    measured: Measurer,
) -> None:
    document = "# Guide\n\n## Pump\n\nBrass rusts slowly.\n"
    whole = measured("Does brass rust slowly?", document)
    part = measured("Does the brass of the pump rust slowly?", document)
    assert (whole.covered, whole.coverage) == pytest.approx((1.0, 1.0))
    assert part.covered < part.coverage < 1
    assert part.missing == whole.missing == 0


def test_a_word_that_stands_nowhere_is_missing(measured: Measurer) -> None:
    document = "# Guide\n\nThe pump of brass is red.\n"
    assert measured("Is the pump of brass red?", document).missing == 0
    assert 0 < measured("Is the pump of silver red?", document).missing <= 1


def test_names_and_numbers_of_the_question_that_stand_nowhere_are_counted(
    measured: Measurer,
) -> None:
    document = "# Guide\n\nAda Green built the pump in 1911.\n"
    assert measured("Did Ada Green build the pump?", document).names == 0
    assert measured("Did Ada Brown build the pump?", document).names == pytest.approx(1 / 2)
    assert measured("Did they build the pump?", document).names == 0


def test_evidence_that_names_the_opposite_stands_in_contrast(measured: Measurer) -> None:
    document = "# Guide\n\nThe external customers pay for the pump.\n"
    assert measured("Do internal customers pay for the pump?", document).contrast == 1
    assert measured("Do external customers pay for the pump?", document).contrast == 0


def test_the_shorter_a_question_the_more_it_leaves_open(measured: Measurer) -> None:
    document = "# Guide\n\nThe brass pump is red.\n"
    assert measured("pump?", document).brevity == 1
    assert measured("Is the brass pump red?", document).brevity == pytest.approx(1 / 3)


def test_evidence_without_a_rival_has_all_its_score_as_margin(measured: Measurer) -> None:
    alone = "# Guide\n\nThe pump is red.\n"
    rival = alone + "\n## More\n\nThe old pump is red too.\n"
    assert measured("Is the pump red?", alone).margin > 0.5
    assert measured("Is the pump red?", rival).margin < 0.2


def test_without_a_reader_its_features_are_nought(measured: Measurer) -> None:
    features = measured("Is the pump red?", "# Guide\n\nThe pump is red.\n")
    assert features.reader == features.reader_passage == 0
