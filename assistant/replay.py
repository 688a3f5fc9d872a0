"""Asks the same questions of two states of the index, and tells which answers differ.

A difference counts if a user would see it: other words, other quotes, a refusal. Positions and
confidence may change with every document.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from assistant.answer import Answer, Status, Turn
from assistant.grading import is_right, strip_markers
from corpus.gold import GoldQuestion
from index.manifest import IndexedDocument

if TYPE_CHECKING:  # the types here load no model
    from assistant.pipeline import Assistant


class Difference(StrEnum):
    """What is different about an answer. Of a new answer or refusal nothing else is said."""

    NEWLY_ANSWERED = "newly answered"
    NEWLY_REFUSED = "newly refused"
    TEXT = "other text"
    CITATIONS = "other citations"


@dataclass(frozen=True)
class ReplayQuestion:
    """A question to replay, with its gold if it has one."""

    text: str
    history: tuple[Turn, ...] = ()
    gold: GoldQuestion | None = None

    @classmethod
    def of(cls, gold: GoldQuestion) -> "ReplayQuestion":
        """Returns a gold question to replay."""
        history = tuple(Turn(role, text) for role, text in gold.history)
        return cls(gold.question, history, gold)


@dataclass(frozen=True)
class Replayed:
    """A question with its answers before and after. `right_before` and `right_after` are None
    without gold; a question without an answer is right if it is refused."""

    question: ReplayQuestion
    before: Answer
    after: Answer
    differences: tuple[Difference, ...]
    right_before: bool | None
    right_after: bool | None


@dataclass(frozen=True, slots=True)
class DocumentChanges:
    """The paths of the documents that only one of two generations has, or that differ."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def replay(
    before: "Assistant",
    after: "Assistant",
    questions: Sequence[ReplayQuestion],
    watch: Callable[[], None] = lambda: None,
) -> list[Replayed]:
    """Asks every question of both, without a language model. `watch` is called after each."""
    results = []
    for question in questions:
        old = before.ask(question.text, question.history)
        new = after.ask(question.text, question.history)
        results.append(
            Replayed(
                question,
                old,
                new,
                differences_of(old, new),
                _is_right(question.gold, old),
                _is_right(question.gold, new),
            )
        )
        watch()
    return results


def differences_of(before: Answer, after: Answer) -> tuple[Difference, ...]:
    """Returns how the second answer differs from the first one; nothing if a user sees the same."""
    if before.status is not after.status:
        is_refusal = after.status is Status.REFUSED
        return (Difference.NEWLY_REFUSED if is_refusal else Difference.NEWLY_ANSWERED,)
    found = []
    if strip_markers(before.text) != strip_markers(after.text):
        found.append(Difference.TEXT)
    if _quotes(before) != _quotes(after):
        found.append(Difference.CITATIONS)
    return tuple(found)


def document_changes(
    before: Sequence[IndexedDocument], after: Sequence[IndexedDocument]
) -> DocumentChanges:
    """Compares the documents of two generations by path and digest."""
    old = {each.path: each.sha256 for each in before}
    new = {each.path: each.sha256 for each in after}
    return DocumentChanges(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(p for p in new.keys() & old.keys() if new[p] != old[p])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


def _quotes(answer: Answer) -> set[tuple[str, str]]:
    return {(citation.document, citation.quote) for citation in answer.citations}


def _is_right(gold: GoldQuestion | None, answer: Answer) -> bool | None:
    if gold is None:
        return None
    return is_right(gold, answer) if gold.answerable else answer.status is Status.REFUSED
