"""The refusal threshold of one corpus, fitted to its own gold questions at the end of a build."""

from collections.abc import Callable, Sequence

import numpy as np

from assistant.answer import Turn
from assistant.english.question import MAX_QUESTION_CHARS
from assistant.grading import is_right
from assistant.pipeline import Assistant
from corpus.gold import GoldQuestion

# Share of the right answers that a threshold lets through. On the shipped gold questions 0.92
# answers three more of 206 rightly and refuses three fewer of the 54 unanswerable ones.
ANSWERED_SHARE = 0.90


def fit_threshold(
    assistant: Assistant,
    questions: Sequence[GoldQuestion],
    answered: float = ANSWERED_SHARE,
    watch: Callable[[], None] = lambda: None,
) -> float:
    """The highest threshold, 0 to 1, that lets through the given share of the right answers, by
    the confidence of an `assistant` that refuses nothing; 0 if no answer is right.

    Wrong answers to answerable questions do not count: refusing those is no loss. `watch` is
    called after each question.
    """
    confidences = []
    for gold in questions:
        if gold.answerable and is_askable(gold):
            answer = assistant.ask(gold.question, [Turn(*turn) for turn in gold.history])
            if is_right(gold, answer):
                confidences.append(answer.confidence)
        watch()
    return float(np.quantile(confidences, 1.0 - answered, method="lower")) if confidences else 0.0


def is_askable(gold: GoldQuestion) -> bool:
    """Whether the pipeline accepts the question."""
    return len(gold.question) <= MAX_QUESTION_CHARS and any(c.isalnum() for c in gold.question)
