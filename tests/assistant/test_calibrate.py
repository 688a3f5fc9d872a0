"""Fitting: the weights separate answerable questions, and the threshold lets enough through."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import AssistantOpener
from numpy.typing import NDArray

from assistant.answer import Status
from assistant.confidence import Calibration
from assistant.training.calibrate import Sample, fit
from assistant.tuning import fit_threshold, is_askable
from corpus.gold import GoldQuestion

FACTS = {
    "pump": "The pump stands behind the old mill",
    "well": "The well is deep and very cold",
    "oak": "The oak is two hundred years old",
    "gate": "The gate is locked at night",
}
FILES = {f"{name}.md": f"# The {name}\n\n{fact}.\n" for name, fact in FACTS.items()}
LENIENT = Calibration(-4.0, {"similarity": 8.0}, 0.0)


def sample(rows: Sequence[Sequence[float]], answerable: Sequence[bool]) -> Sample:
    return Sample("s", np.array(rows), np.array(answerable), np.zeros(len(rows), dtype=bool))


def probabilities(*samples: Sample) -> NDArray[np.float64]:
    """The fitted probabilities of the first sample."""
    bias, weights = fit(samples)
    result: NDArray[np.float64] = 1 / (1 + np.exp(-(bias + samples[0].features @ weights)))
    return result


def gold(name: str, answer: str = "", answerable: bool = True) -> GoldQuestion:
    question = f"What is known of the {name}?"
    return GoldQuestion(name, question, (answer or FACTS[name],), None, (), answerable)


def test_separable_questions_are_separated() -> None:
    values = np.linspace(0, 1, 20)
    found = probabilities(sample([[v] for v in values], [bool(v > 0.5) for v in values]))
    assert ((found > 0.5) == (values > 0.5)).all()
    assert found[0] < 0.01 and found[-1] > 0.99


def test_weights_follow_what_a_feature_says() -> None:
    values = np.linspace(0, 1, 20)
    rows = [[v, -v, 0.7, 0.0] for v in values]  # the last two never vary
    _, weights = fit([sample(rows, [bool(v < 0.5) for v in values])])
    assert weights[0] < -1
    assert weights == pytest.approx([weights[0], -weights[0], 0, 0], abs=1e-6)


@pytest.mark.parametrize(
    "samples",
    [
        [sample([[0.0], [1.0], [0.0], [1.0]], [True, True, False, False])],
        [sample([[0.5]] * 100, [True] * 90 + [False] * 10)],
        [
            sample([[1.0], [0.0]], [True, False]),
            sample([[0.0], [1.0]] * 50, [True, False] * 50),
        ],
    ],
    ids=["no information", "classes of unequal size", "sets of unequal size that disagree"],
)
def test_balanced_evidence_gives_even_odds(samples: list[Sample]) -> None:
    assert probabilities(*samples) == pytest.approx(0.5, abs=1e-6)


def test_each_class_of_a_set_has_a_total_weight_of_one_half() -> None:
    assert sample([[0.1], [0.2]], [True, True]).weights.tolist() == [0.25, 0.25]
    mixed = sample([[0.1], [0.2], [0.3]], [True, False, False])
    assert mixed.weights.tolist() == [0.5, 0.25, 0.25]


def test_the_gradient_vanishes_at_the_fit() -> None:
    generator = np.random.default_rng(1)
    rows = generator.random((80, 3))
    only = sample(rows, rows[:, 0] + 0.5 * generator.random(80) > 0.8)
    bias, weights = fit([only])
    error = only.weights * (1 / (1 + np.exp(-(bias + rows @ weights))) - only.answerable)
    assert float(error.sum()) == pytest.approx(0, abs=1e-6)
    assert rows.T @ error + 1e-3 * weights == pytest.approx([0] * 3, abs=1e-6)


def test_wrongly_answered_questions_are_not_fitted() -> None:
    wrong = np.array([False, True, False])
    right = Sample("s", np.eye(3), np.array([True, True, False]), wrong).without_wrong()
    assert right.features.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert right.answerable.tolist() == [True, False]


@pytest.mark.parametrize("share", [0.5, 0.75, 0.92, 1.0])
def test_the_threshold_lets_the_share_of_right_answers_through_and_hardly_more(
    open_assistant: AssistantOpener, share: float
) -> None:
    questions = [gold(name) for name in FACTS]
    threshold = fit_threshold(open_assistant(FILES, LENIENT), questions, share)
    strict = open_assistant(FILES, replace(LENIENT, threshold=threshold))
    answered = [strict.ask(q.question).status is Status.ANSWERED for q in questions]
    assert 0 <= sum(answered) - share * len(questions) <= 1


def test_only_right_answers_to_answerable_questions_count(open_assistant: AssistantOpener) -> None:
    lenient = open_assistant(FILES, LENIENT)
    right = gold("pump")
    wrong = gold("well", "It was dug by Ada Green in 1911")
    foreign = gold("moon", "cheese", answerable=False)
    alone = fit_threshold(lenient, [right], 0.5)
    assert alone == pytest.approx(lenient.ask(right.question).confidence, abs=1e-4)
    assert fit_threshold(lenient, [wrong, right, foreign], 0.5) == alone
    assert fit_threshold(lenient, [wrong]) == fit_threshold(lenient, []) == 0


@pytest.mark.parametrize("name", list(FACTS))
def test_a_single_right_answer_passes_its_own_threshold(
    open_assistant: AssistantOpener, name: str
) -> None:
    threshold = fit_threshold(open_assistant(FILES, LENIENT), [gold(name)], 1.0)
    strict = open_assistant(FILES, replace(LENIENT, threshold=threshold))
    assert strict.ask(gold(name).question).status is Status.ANSWERED


def test_unusable_questions_are_skipped_but_counted(open_assistant: AssistantOpener) -> None:
    blank = replace(gold("pump"), question="?!")
    long = replace(gold("pump"), question="x" * 2001)
    assert [is_askable(each) for each in (blank, long, gold("pump"))] == [False, False, True]
    done: list[None] = []
    assert (
        fit_threshold(
            open_assistant(FILES, LENIENT), [blank, long], watch=lambda: done.append(None)
        )
        == 0
    )
    assert len(done) == 2
