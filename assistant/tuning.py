"""The refusal threshold of one corpus, fitted to its own gold questions at the end of a build."""

from collections.abc import Callable, Sequence

import numpy as np

from assistant.answer import Turn
from assistant.english.question import MAX_QUESTION_CHARS
from assistant.grading import is_right
from assistant.pipeline import Assistant
from corpus.gold import GoldQuestion

# Share of the right answers that a threshold lets through. On the shipped gold questions 0.91
# answers two more of 206 rightly and refuses two fewer of the 54 unanswerable ones.
ANSWERED_SHARE = 0.89
# Right answers below which a threshold would be chance.
MIN_ANSWERS = 10


def fit_threshold(
    assistant: Assistant,
    questions: Sequence[GoldQuestion],
    answered: float = ANSWERED_SHARE,
    least: int = MIN_ANSWERS,
    watch: Callable[[], None] = lambda: None,
) -> float | None:
    """The highest threshold, 0 to 1, that lets through the given share of the right answers, by
    the confidence of an `assistant` that refuses nothing; None if fewer than `least` are right.

    Wrong answers to answerable questions do not count: refusing those is no loss. Nor do questions
    that the documents ask themselves: they are always answered, and say nothing of others. `watch`
    is called after each question.
    """
    confidences = []
    for gold in questions:
        if gold.answerable and is_askable(gold):
            answer = assistant.ask(gold.question, [Turn(*turn) for turn in gold.history])
            if answer.confidence < 1.0 and is_right(gold, answer):
                confidences.append(answer.confidence)
        watch()
    if not confidences or len(confidences) < least:
        return None
    return float(np.quantile(confidences, 1.0 - answered, method="lower"))


def is_askable(gold: GoldQuestion) -> bool:
    """Whether the pipeline accepts the question."""
    return len(gold.question) <= MAX_QUESTION_CHARS and any(c.isalnum() for c in gold.question)
