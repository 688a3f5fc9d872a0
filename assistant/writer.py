"""The extractive writer: words the selected units as sentences, and puts them in order.

Uses the documents' own words only.
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
    """A sentence with the citation that proves it; a `listed` one gets a line of its own."""

    text: str
    citation: Citation
    listed: bool


def make_statements(units: Sequence[tuple[Passage, Unit]]) -> list[Statement]:
    """One statement per unit, numbered from 1."""
    return [
        Statement(
            text=_wording(passage, unit),
            citation=_citation(number, passage, unit),
            listed=unit.kind in (Kind.ITEM, Kind.ROW) and len(units) > 1,
        )
        for number, (passage, unit) in enumerate(units, start=1)
    ]


def compose(statements: Sequence[Statement]) -> tuple[str, tuple[Sentence, ...]]:
    """The answer's text, with markers behind the sentences, and the sentences in it."""
    text = ""
    sentences = []
    for statement in statements:
        if text:
            after_list = text.rsplit("\n", 1)[-1].startswith("- ")
            text += "\n" if statement.listed or after_list else " "
        text += "- " if statement.listed else ""
        start = len(text)
        number = statement.citation.number
        text += statement.text
        sentences.append(Sentence(statement.text, start, len(text), (number,)))
        text += f" [{number}]"
    return text, tuple(sentences)


def _wording(passage: Passage, unit: Unit) -> str:
    if unit.kind is Kind.ROW and unit.cells:
        cells = [strip_markup(passage.at(start, end)) for start, end in unit.cells]
        first, *rest = [cell for cell in cells if cell]
        return f"{first}: {'; '.join(rest)}" if rest else first
    return strip_markup(passage.source(unit))


def _citation(number: int, passage: Passage, unit: Unit) -> Citation:
    question = (passage.question,) if passage.question else ()
    return Citation(
        number=number,
        document=passage.document,
        title=passage.title,
        headings=(*passage.headings, *question),
        sha256=passage.sha256,
        start=unit.start,
        end=unit.end,
        quote=passage.source(unit),
    )
