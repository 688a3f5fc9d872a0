"""Fitting: the weights tell answerable questions apart, and the threshold keeps its promise."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Writer
from numpy.typing import NDArray

from assistant.answer import Status
from assistant.confidence import Calibration
from assistant.pipeline import Assistant
from assistant.training.calibrate import Sample, fit
from assistant.tuning import fit_threshold, is_askable
from corpus.gold import GoldQuestion
from corpus.loader import load_corpus
from index.build import build
from index.generation import (
    DataFolder,
)
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore

FACTS = {
    "pump": "The pump stands behind the old mill",
    "well": "The well is deep and very cold",
    "oak": "The oak is two hundred years old",
    "rake": "The rake is for leaves only",
    "bench": "The bench was painted green",
    "gate": "The gate is locked at night",
    "fence": "The fence keeps the deer out",
    "pond": "The pond is full of frogs",
    "hedge": "The hedge hides the compost",
    "shed": "The shed has a tin roof",
}
LENIENT = Calibration(-4.0, {"similarity": 8.0}, 0.0)

Opener = Callable[[Calibration], Assistant]


def sample(rows: Sequence[Sequence[float]], answerable: Sequence[bool], name: str = "s") -> Sample:
    return Sample(
        name, np.array(rows, dtype=float), np.array(answerable), np.zeros(len(rows), dtype=bool)
    )


def probabilities(each: Sample, others: Sequence[Sample] = ()) -> NDArray[np.float64]:
    bias, weights = fit([each, *others])
    result: NDArray[np.float64] = 1 / (1 + np.exp(-(bias + each.features @ weights)))
    return result


@pytest.fixture
def open_with(encoder: OnnxEncoder, folder_of: Writer, tmp_path: Path) -> Opener:
    """The assistant on ten facts, one document each, without a reader."""
    files = {f"{name}.md": f"# The {name}\n\n{fact}.\n" for name, fact in FACTS.items()}
    data = DataFolder(tmp_path / "data")
    build(load_corpus(folder_of(files)), encoder, "test", data, {})
    return lambda calibration: Assistant(
        data.open(encoder.fingerprint), encoder, TextStore(data.texts), calibration
    )


def asked(name: str, answer: str | None = None, answerable: bool = True) -> GoldQuestion:
    return GoldQuestion(
        name, f"What is known of the {name}?", (answer or FACTS[name],), None, (), answerable
    )


# --- fitting -------------------------------------------------------------------------------------


def test_what_can_be_separated_is_separated() -> None:
    values = np.linspace(0, 1, 20)
    found = probabilities(sample([[v] for v in values], [bool(v > 0.5) for v in values]))
    assert all(found[values > 0.5] > 0.5)
    assert all(found[values < 0.5] < 0.5)
    assert found[0] < 0.01 and found[-1] > 0.99


def test_a_feature_that_never_varies_gets_no_weight() -> None:
    generator = np.random.default_rng(0)
    values = generator.random(60)
    rows = [[v, 0.7, 0.0] for v in values]
    _, weights = fit([sample(rows, [bool(v > 0.4) for v in values])])
    assert weights[0] > 1
    assert weights[1:] == pytest.approx([0, 0], abs=1e-6)


def test_a_feature_that_speaks_against_gets_a_negative_weight() -> None:
    values = np.linspace(0, 1, 20)
    _, weights = fit([sample([[v, -v] for v in values], [bool(v < 0.5) for v in values])])
    assert weights[0] < -1
    assert weights[1] == pytest.approx(-weights[0])


def test_what_says_nothing_leaves_even_odds() -> None:
    found = probabilities(sample([[0.0], [1.0], [0.0], [1.0]], [True, True, False, False]))
    assert found == pytest.approx([0.5] * 4, abs=1e-6)


def test_both_classes_weigh_alike_however_many_there_are() -> None:
    rows, answerable = [[0.5]] * 100, [True] * 90 + [False] * 10
    assert probabilities(sample(rows, answerable)) == pytest.approx([0.5] * 100, abs=1e-6)


def test_all_sets_weigh_alike_however_large_they_are() -> None:
    small = sample([[1.0], [0.0]], [True, False], "small")
    large = sample([[0.0], [1.0]] * 50, [True, False] * 50, "large")
    assert probabilities(small, [large]) == pytest.approx([0.5, 0.5], abs=1e-6)


def test_a_set_of_one_class_weighs_that_class_half() -> None:
    assert sample([[0.1], [0.2]], [True, True]).weights.tolist() == [0.25, 0.25]
    mixed = sample([[0.1], [0.2], [0.3]], [True, False, False])
    assert mixed.weights.tolist() == [0.5, 0.25, 0.25]


def test_a_fit_is_where_the_gradient_vanishes() -> None:
    generator = np.random.default_rng(1)
    rows = generator.random((80, 3))
    answerable = rows[:, 0] + 0.5 * generator.random(80) > 0.8
    only = Sample("s", rows, answerable, np.zeros(len(rows), dtype=bool))
    bias, weights = fit([only])
    wrong = 1 / (1 + np.exp(-(bias + rows @ weights))) - answerable
    assert float((only.weights * wrong).sum()) == pytest.approx(0, abs=1e-6)
    assert rows.T @ (only.weights * wrong) + 1e-3 * weights == pytest.approx([0] * 3, abs=1e-6)


def test_what_was_answered_from_the_wrong_place_teaches_nothing() -> None:
    wrong = np.array([False, True, False])
    kept = Sample("s", np.eye(3), np.array([True, True, False]), wrong).without_wrong()
    assert kept.features.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert kept.answerable.tolist() == [True, False]


# --- the threshold of a corpus -------------------------------------------------------------------


def test_the_threshold_lets_half_of_the_right_answers_through_and_hardly_more(
    open_with: Opener,
) -> None:
    questions = [asked(name) for name in FACTS]
    lenient = open_with(LENIENT)
    assert len({lenient.ask(q.question).confidence for q in questions}) == len(questions)
    strict = open_with(replace(LENIENT, threshold=fit_threshold(lenient, questions, 0.5)))
    through = [strict.ask(q.question).status is Status.ANSWERED for q in questions]
    assert sum(through) in (5, 6)


def test_only_right_answers_to_answerable_questions_count(open_with: Opener) -> None:
    lenient = open_with(LENIENT)
    right = asked("pump")
    wrong = asked("well", "It was dug by Ada Green in 1911")
    foreign = asked("moon", "cheese", answerable=False)
    alone = fit_threshold(lenient, [right], 0.5)
    assert alone == pytest.approx(lenient.ask(right.question).confidence, abs=1e-4)
    assert fit_threshold(lenient, [wrong, right, foreign], 0.5) == alone


def test_without_a_right_answer_nothing_is_refused(open_with: Opener) -> None:
    assert fit_threshold(open_with(LENIENT), []) == 0
    assert fit_threshold(open_with(LENIENT), [asked("well", "It was dug by Ada Green")]) == 0


def test_what_is_no_question_is_passed_over_but_counted(open_with: Opener) -> None:
    blank = replace(asked("pump"), question="?!")
    long = replace(asked("pump"), question="x" * 2001)
    assert [is_askable(q) for q in (blank, long, asked("pump"))] == [False, False, True]
    done: list[None] = []
    assert fit_threshold(open_with(LENIENT), [blank, long], watch=lambda: done.append(None)) == 0
    assert len(done) == 2


@pytest.mark.parametrize("share", [0.5, 0.75, 0.92, 1.0])
def test_the_threshold_lets_the_promised_share_of_right_answers_through(
    open_with: Opener, share: float
) -> None:
    questions = [asked(name) for name in FACTS]
    lenient = open_with(LENIENT)
    assert all(lenient.ask(q.question).status is Status.ANSWERED for q in questions)
    strict = open_with(replace(LENIENT, threshold=fit_threshold(lenient, questions, share)))
    through = [strict.ask(q.question).status is Status.ANSWERED for q in questions]
    assert sum(through) >= share * len(questions)


@pytest.mark.parametrize("name", list(FACTS))
def test_the_one_right_answer_is_let_through(open_with: Opener, name: str) -> None:
    lenient = open_with(LENIENT)
    only = asked(name)
    strict = open_with(replace(LENIENT, threshold=fit_threshold(lenient, [only], 1.0)))
    assert strict.ask(only.question).status is Status.ANSWERED
