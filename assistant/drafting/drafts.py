"""A draft of a gold question, and its row of a gold file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from corpus.document import Kind, Passage, Span, Unit
from index.rendering import unit_text

_MIN_FIRST_WORDS = 4  # of the unit that the answer of a section opens with
_MAX_ANSWER_CHARS = 600  # of the units that a draft takes for the answer


class DraftKind(StrEnum):
    """What a draft was made of."""

    FAQ = "faq"
    HOW_TO = "how-to"
    HEADING = "heading"
    DEFINITION = "definition"
    YES_NO = "yes/no"
    TABLE = "table"
    NEAR_MISS = "near_miss"


@dataclass(frozen=True, slots=True)
class Draft:
    """A question with the span of the passage that answers it. A near miss has no answer; its
    passage is the one whose question was changed."""

    kind: DraftKind
    question: str
    answer: str
    passage: Passage
    span: Span

    @property
    def is_answerable(self) -> bool:
        """Whether the documents answer it."""
        return self.kind is not DraftKind.NEAR_MISS

    def edited(self, question: str) -> "Draft":
        """The same with another question."""
        return replace(self, question=question)

    def record(self) -> dict[str, Any]:
        """The row of a gold file, as `corpus.gold` reads it, without an id."""
        answerable = self.is_answerable
        return {
            "question": self.question,
            "answers": [self.answer] if answerable else [],
            "document": self.passage.document if answerable else None,
            "spans": [list(self.span)] if answerable else [],
            "answerable": answerable,
            "kind": self.kind,
        }


def draft_of_units(
    kind: DraftKind, question: str, passage: Passage, units: Sequence[Unit]
) -> Draft:
    """A draft that is answered by the first of the units, as many as make up a short answer."""
    taken: list[Unit] = []
    for unit in units:
        is_title = kind is not DraftKind.FAQ and (
            not taken and len(passage.source(unit).split()) < _MIN_FIRST_WORDS
        )
        if unit.kind in (Kind.HEADER, Kind.HEADING) or is_title:
            continue
        if taken and unit.end - taken[0].start > _MAX_ANSWER_CHARS:
            break
        taken.append(unit)
    texts = (unit_text(passage, replace(unit, above=(), lead=None)) for unit in taken)
    span = (taken[0].start, taken[-1].end) if taken else (passage.start, passage.end)
    return Draft(kind, question, " ".join(texts), passage, span)
