"""Losses: which step of the pipeline lost the answer to a gold question.

A wrong answer has one loss, that of the first step after which it could not be right any more, so
that the next change starts where most answers are lost.
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from assistant import writer
from assistant.answer import Answer, Status
from assistant.english.question import Question
from assistant.evidence import Evidence
from assistant.grading import is_place_of, is_right, states
from assistant.pipeline import Assessment
from assistant.selection import Selection, units_to_quote
from corpus.document import Passage
from corpus.gold import GoldQuestion


class Loss(StrEnum):
    """The step that lost the answer, in the order of the pipeline."""

    NOT_FOUND = "not found"
    """No passage that was found has the answer."""
    NOT_A_CANDIDATE = "not a candidate"
    """A passage has it, but no block of the passages would be a right answer."""
    NOT_CHOSEN = "not chosen"
    """A block would be right, but one of another passage was chosen."""
    CUT = "cut"
    """A block would be right, but another of the same passage was chosen."""
    REFUSED = "refused"
    """The right block was chosen, but the question was refused."""
    ANSWERED = "answered though absent"
    """The documents do not answer the question, but it was answered."""


def loss_of(gold: GoldQuestion, answer: Answer, assessment: Assessment) -> Loss | None:
    """The loss of the answer; None if it is right, or if nothing is known about what is right."""
    if not gold.answerable:
        return Loss.ANSWERED if answer.status is Status.ANSWERED else None
    if is_right(gold, answer) or not (gold.answers or gold.spans):
        return None
    passages = [hit.passage for hit in assessment.found.hits]
    if not any(_has_answer(gold, passage) for passage in passages):
        return Loss.NOT_FOUND
    question, evidence = assessment.question, assessment.evidence
    right = [each for each in evidence if is_right_alone(gold, question, each)]
    if not right:
        return Loss.NOT_A_CANDIDATE
    if answer.status is Status.REFUSED and right[0] is evidence[0]:
        return Loss.REFUSED
    return Loss.CUT if any(each.hit is evidence[0].hit for each in right) else Loss.NOT_CHOSEN


def count_losses(losses: Iterable[Loss | None]) -> dict[Loss, int]:
    """The number of answers that each step lost, in the order of the pipeline."""
    counts = Counter(losses)
    return {loss: counts[loss] for loss in Loss if counts[loss]}


def is_right_alone(gold: GoldQuestion, question: Question, evidence: Evidence) -> bool:
    """Whether the block alone would be a right answer."""
    statements = writer.make_statements(units_to_quote(question, Selection(evidence, (evidence,))))
    composed = writer.compose(statements)
    answer = Answer(
        id="",
        conversation_id="",
        question=gold.question,
        standalone_question=question.text,
        status=Status.ANSWERED,
        text=composed.text,
        sentences=tuple(composed.sentences),
        citations=composed.citations,
        confidence=1.0,
        suggestions=(),
        related=(),
        writer=writer.NAME,
        generation="",
    )
    return is_right(gold, answer)


def _has_answer(gold: GoldQuestion, passage: Passage) -> bool:
    """Whether the passage touches a place of the answer; without a place, whether it states it."""
    if gold.document and gold.spans:
        return is_place_of(gold, passage.document, (passage.start, passage.end))
    return any(states(passage.text, wanted) for wanted in gold.answers)
