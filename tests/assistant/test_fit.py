"""Fitting: the scorer puts right evidence first, and the threshold lets enough through."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import AssistantOpener

from assistant.answer import Status
from assistant.evidence import Features
from assistant.scorer import Scorer
from assistant.training.fit import fit_and_measure
from assistant.training.weights import (
    FEATURES,
    READER_FEATURES,
    Asked,
    Fit,
    Matrix,
    Sample,
    fit,
    measure,
)
from assistant.tuning import fit_threshold, is_askable
from corpus.gold import GoldQuestion

FACTS = {
    "pump": "The pump stands behind the old mill",
    "well": "The well is deep and very cold",
    "oak": "The oak is two hundred years old",
    "gate": "The gate is locked at night",
}
FILES = {f"{name}.md": f"# The {name}\n\n{fact}.\n" for name, fact in FACTS.items()}
LENIENT = Scorer({"similarity": 8.0}, 0.0, -4.0, {"similarity": 8.0}, threshold=0.0)
ALL = np.ones(len(FEATURES), dtype=bool)
PLAIN = np.array([name not in READER_FEATURES for name in FEATURES])


def features(**values: float) -> Matrix:
    return np.array([values.get(name, 0.0) for name in FEATURES])


def asked(rows: Sequence[Matrix], right: int | None, words: Sequence[float] = ()) -> Asked:
    """A question with one piece of evidence per row; the place of the right one, None if it is
    unanswerable."""
    return Asked(
        features=np.array(rows),
        right=np.arange(len(rows)) == (-1 if right is None else right),
        words=np.array(words or [10.0] * len(rows)),
        passages=np.arange(len(rows)),
        answerable=right is not None,
        is_located=True,
    )


def sample(seed: int, count: int = 60) -> Sample:
    """Right evidence is more similar, answerable questions have more of their words covered, and
    the reader knows nothing."""
    draw = np.random.default_rng(seed)
    questions = []
    for number in range(count):
        right = number % 4 if number % 3 else None
        rows = [
            features(
                similarity=0.7 * (place == right) + 0.3 * draw.random(),
                coverage=0.6 * (right is not None) + 0.4 * draw.random(),
                reader=draw.random(),
            )
            for place in range(4)
        ]
        questions.append(asked(rows, right))
    return Sample(f"set {seed}", questions)


@pytest.fixture(scope="module")
def fitted() -> Fit:
    return fit([sample(1), sample(2)], ALL)


def test_right_evidence_comes_first_and_answerable_questions_are_separated(fitted: Fit) -> None:
    measures = measure(fitted, sample(3), threshold=0.5)
    assert measures["best evidence is right"] > 0.95
    assert measures["auroc"] > 0.95
    assert measures["refused"] > 0.9 > 0.1 > measures["wrongly refused"]


def test_features_that_say_nothing_or_are_not_used_weigh_nothing(fitted: Fit) -> None:
    scorer = fitted.scorer(0.5, [sample(1)])
    assert set(scorer.order) <= {"similarity", "coverage", "reader"}  # the others never vary
    assert abs(scorer.order.get("reader", 0.0)) < 0.1 * scorer.order["similarity"]
    assert "reader" not in fit([sample(1)], PLAIN).scorer(0.5, [sample(1)]).order


def test_weight_keeps_the_sign_that_is_known() -> None:
    questions = sample(1).asked
    upside_down = [replace(each, features=1 - each.features) for each in questions]
    assert "similarity" not in fit([Sample("one", upside_down)], ALL).scorer(0.5, []).order


def test_stored_scorer_gives_the_fitted_scores(fitted: Fit) -> None:
    question = sample(3).asked[1]
    scorer = fitted.scorer(0.5, [sample(1)])
    rows = [Features(*row).values() for row in question.features]
    scores = [sum(scorer.order.get(n, 0) * v for n, v in row.items()) for row in rows]
    assert np.array(scores) - scorer.offset == pytest.approx(fitted.scores(question), abs=1e-2)


def test_of_two_right_blocks_the_shorter_one_is_preferred() -> None:
    rows = [features(size=1.0), features(size=3.0), features(similarity=-1.0)]
    both = replace(asked(rows, 0, [9.0, 90.0, 9.0]), right=np.array([True, True, False]))
    fitted = fit([Sample("s", [both] * 20 + [asked(rows, None)] * 20)], ALL)
    assert fitted.best(both) == 0


def test_wrongly_answered_questions_do_not_shape_the_confidence() -> None:
    low, high = [features(similarity=0.1)], [features(similarity=0.9)]
    known = [asked(high, 0), asked(low, None)] * 20
    wrong = replace(asked(low, 0), right=np.array([False]))
    with_wrong = fit([Sample("s", [*known, *[wrong] * 40])], ALL)
    assert with_wrong.probability(asked(low, None)) < 0.4 < with_wrong.probability(asked(high, 0))


def test_nothing_is_fitted_without_right_evidence() -> None:
    with pytest.raises(ValueError, match="nothing can be fitted"):
        fit([Sample("s", [asked([features()], None)])], ALL)


def test_each_set_is_measured_with_itself_left_out() -> None:
    samples = [sample(1), sample(2), sample(3)]
    scorer, measures = fit_and_measure(samples, ALL, answered=0.9)
    assert scorer["fitted_on"] == {each.name: 60 for each in samples}
    assert set(measures) == set(scorer["fitted_on"])
    assert all(each["wrongly refused"] <= 0.25 for each in measures.values())
    unlike = Sample("unlike", [asked([features(similarity=-s) for s in (0.9, 0.1)], 0)] * 9)
    _, with_unlike = fit_and_measure([*samples, unlike], ALL)
    assert with_unlike["unlike"]["best evidence is right"] == 0


# --- the threshold of one corpus -------------------------------------------------------------


def gold(name: str, answer: str = "", answerable: bool = True) -> GoldQuestion:
    question = f"What is known of the {name}?"
    return GoldQuestion(name, question, (answer or FACTS[name],), None, (), answerable)


@pytest.mark.parametrize("share", [0.5, 0.75, 0.92, 1.0])
def test_the_threshold_lets_the_share_of_right_answers_through_and_hardly_more(
    open_assistant: AssistantOpener, share: float
) -> None:
    questions = [gold(name) for name in FACTS]
    threshold = fit_threshold(open_assistant(FILES, LENIENT), questions, share, least=1)
    assert threshold is not None
    strict = open_assistant(FILES, replace(LENIENT, threshold=threshold))
    answered = [strict.ask(q.question).status is Status.ANSWERED for q in questions]
    assert 0 <= sum(answered) - share * len(questions) <= 1


def test_only_right_answers_to_answerable_questions_count(open_assistant: AssistantOpener) -> None:
    lenient = open_assistant(FILES, LENIENT)
    right = gold("pump")
    wrong = gold("well", "It was dug by Ada Green in 1911")
    foreign = gold("moon", "cheese", answerable=False)
    alone = fit_threshold(lenient, [right], 0.5, least=1)
    assert alone == pytest.approx(lenient.ask(right.question).confidence, abs=1e-4)
    assert fit_threshold(lenient, [wrong, right, foreign], 0.5, least=1) == alone
    assert fit_threshold(lenient, [wrong], least=1) is None
    assert fit_threshold(lenient, [right], least=2) is None


def test_questions_that_the_documents_ask_do_not_count(open_assistant: AssistantOpener) -> None:
    faq = {"faq.md": f"# FAQ\n\n## {gold('pump').question}\n\n{FACTS['pump']}.\n"}
    lenient = open_assistant({**FILES, **faq}, LENIENT)
    assert lenient.ask(gold("pump").question).confidence == 1
    assert fit_threshold(lenient, [gold("pump")], least=1) is None
    assert fit_threshold(lenient, [gold("pump"), gold("oak")], least=1) is not None


def test_unusable_questions_are_skipped_but_counted(open_assistant: AssistantOpener) -> None:
    blank = replace(gold("pump"), question="?!")
    long = replace(gold("pump"), question="x" * 2001)
    assert [is_askable(each) for each in (blank, long, gold("pump"))] == [False, False, True]
    done: list[None] = []
    lenient = open_assistant(FILES, LENIENT)
    assert fit_threshold(lenient, [blank, long], watch=lambda: done.append(None)) is None
    assert len(done) == 2
