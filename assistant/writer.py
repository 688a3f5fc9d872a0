"""The extractive writer: the material's own sentences, in an order that reads well.

Knows chosen units and how they are worded. Must not add a word that is not theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answer import Citation, Sentence
from corpus.document import Kind, Passage, Unit
from corpus.markup import strip_markup

NAME = "extractive"
REFUSAL = "The documents do not answer this question."


@dataclass(frozen=True)
class Statement:
    """A sentence to be shown and the citation that proves it; `listed` ones stand on a line of
    their own."""

    text: str
    citation: Citation
    listed: bool


def state(units: Sequence[tuple[Passage, Unit]]) -> list[Statement]:
    """One statement for each unit, numbered from 1 in the order given."""
    return [
        Statement(
            text=_worded(passage, unit),
            citation=_citation(number, passage, unit),
            listed=unit.kind in (Kind.ITEM, Kind.ROW) and len(units) > 1,
        )
        for number, (passage, unit) in enumerate(units, start=1)
    ]


def compose(statements: Sequence[Statement]) -> tuple[str, tuple[Sentence, ...]]:
    """The answer's text, with markers behind the sentences, and where in it each stands."""
    text = ""
    sentences = []
    for statement in statements:
        opening = "- " if statement.listed else ""
        if text:
            text += "\n" if statement.listed or text.rsplit("\n", 1)[-1].startswith("- ") else " "
        text += opening
        start = len(text)
        number = statement.citation.number
        text += statement.text
        sentences.append(Sentence(statement.text, start, len(text), (number,)))
        text += f" [{number}]"
    return text, tuple(sentences)


def _worded(passage: Passage, unit: Unit) -> str:
    if unit.kind is Kind.ROW and unit.cells:
        cells = [strip_markup(passage.at(start, end)) for start, end in unit.cells]
        first, *rest = [cell for cell in cells if cell]
        return f"{first}: {'; '.join(rest)}" if rest else first
    return strip_markup(passage.source(unit))


def _citation(number: int, passage: Passage, unit: Unit) -> Citation:
    headings = (*passage.headings, *([passage.question] if passage.question else []))
    return Citation(
        number=number,
        document=passage.document,
        title=passage.title,
        headings=headings,
        sha256=passage.sha256,
        start=unit.start,
        end=unit.end,
        quote=passage.source(unit),
    )
