"""Words the selected units as sentences, and puts sentences in order as an answer.

The words are the documents' own, but for the claims of a language model. A row is worded from its
cells and their column headings.
"""

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.answer import Citation, ProvedSentence, Sentence
from assistant.blocks import PROSE
from corpus.document import Kind, Passage, Span, Unit
from corpus.markup import strip_markup
from index.rendering import row_text

NAME = "extractive"
CONTINUES = "\n- … (the list continues)"
DISAGREE = "The documents disagree:"
REFUSAL = "The documents do not answer this question."


@dataclass(frozen=True)
class Statement:
    """A sentence with the citations that prove it. `parts` are the spans whose words it has, in
    this order, each inside a citation.

    `mark` is what a list puts in front of it, "" for text that runs on, and a line break for code.
    `label` says what a competing answer is about, "" if there is none. `decisive` is whether it
    answers the question, and the others only make it understood.
    """

    text: str
    citations: tuple[Citation, ...]
    parts: tuple[Span, ...]
    mark: str = ""
    label: str = ""
    decisive: bool = False

    def quotes(self) -> list[str]:
        """The texts of the parts, from the citations' quotes. Parts outside are left out."""
        return [
            citation.quote[start - citation.start : end - citation.start]
            for start, end in self.parts
            for citation in self.citations
            if citation.start <= start and end <= citation.end
        ]


def make_statements(
    units: Sequence[tuple[Passage, Unit]],
    decisive: Collection[tuple[Passage, Unit]] = (),
    labels: Mapping[int, str] | None = None,
) -> list[Statement]:
    """One statement per unit; citations are numbered from 1, the same span once. A sentence among
    others is decisive if its unit is. `labels` are by the place of a unit."""
    numbers: dict[tuple[str, Span], int] = {}
    statements = []
    listed = len(units) > 1
    has_others = not all(each in decisive for each in units)
    for place, (passage, unit) in enumerate(units):
        citations = tuple(
            _citation(numbers.setdefault((passage.sha256, span), len(numbers) + 1), passage, span)
            for span in _cited_spans(passage, unit)
        )
        parts = tuple(_parts(passage, unit))
        mark = _mark(unit) if listed else ""
        is_decisive = has_others and unit.kind in PROSE and (passage, unit) in decisive
        label = (labels or {}).get(place, "")
        wording = _wording(passage, unit)
        statements.append(Statement(wording, citations, parts, mark, label, is_decisive))
    return statements


class Composition:
    """An answer while it is written: its text, with markers behind the sentences."""

    def __init__(self) -> None:
        self.text = ""
        self.statements: list[Statement] = []
        self.sentences: list[Sentence] = []

    def open(self, opening: str) -> None:
        """Starts the text with words that are no sentence of the documents."""
        self.text = opening

    def add(self, statement: Statement) -> ProvedSentence:
        """Appends a proved statement and returns it as a sentence of the text."""
        before = self.statements[-1] if self.statements else None
        if self.text:
            on_own_line = statement.mark or statement.label or (before and before.mark)
            self.text += "\n" if on_own_line else " "
        if statement.label:
            self.text += f"{statement.label}:" + ("\n" if statement.mark else " ")
        self.text += statement.mark.strip("\n")
        start = len(self.text)
        self.text += statement.text
        numbers = tuple(citation.number for citation in statement.citations)
        sentence = Sentence(statement.text, start, len(self.text), numbers, statement.decisive)
        self.text += "".join(f" [{number}]" for number in numbers)
        self.statements.append(statement)
        self.sentences.append(sentence)
        return ProvedSentence(sentence, statement.citations)

    def finish(self, continues: bool) -> None:
        """Says at the end that the list in the answer is longer if `continues` is set."""
        if self.statements and continues:
            self.text += CONTINUES

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of the statements, each once, those of decisive ones first, then by
        number."""
        ordered = sorted(self.statements, key=lambda statement: not statement.decisive)
        return tuple({c.number: c for each in ordered for c in each.citations}.values())


def compose(
    statements: Sequence[Statement], continues: bool = False, disagrees: bool = False
) -> Composition:
    """The answer of the statements. `continues` says that the list in it is longer, `disagrees`
    that the documents contradict each other."""
    composition = Composition()
    if statements and disagrees:
        composition.open(DISAGREE)
    for statement in statements:
        composition.add(statement)
    composition.finish(continues)
    return composition


def make_claim(
    text: str, units: Sequence[tuple[Passage, Unit]], numbers: dict[tuple[str, Span], int]
) -> Statement:
    """A sentence in other words, which cites the units that support it. `numbers` are those of the
    citations so far; it grows."""
    spans = [(passage, span) for passage, unit in units for span in _cited_spans(passage, unit)]
    citations = {
        (passage.sha256, span): _citation(
            numbers.setdefault((passage.sha256, span), len(numbers) + 1), passage, span
        )
        for passage, span in spans
    }
    return Statement(text, tuple(citations.values()), tuple(span for _, span in spans))


def _mark(unit: Unit) -> str:
    if unit.kind is Kind.ITEM:
        indent = "  " * len(unit.parents)
        return f"{indent}{unit.number}. " if unit.number else f"{indent}- "
    if unit.kind is Kind.ROW:
        return "- "
    return "\n" if unit.kind in (Kind.CODE, Kind.HEADING) else ""


def _wording(passage: Passage, unit: Unit) -> str:
    if unit.kind is Kind.ROW and unit.cells:
        return row_text(passage, unit)
    if unit.kind is Kind.CODE:
        # The span starts behind the indentation of its first line.
        before = passage.text[: unit.start - passage.start].rpartition("\n")[2]
        indent = before if before.isspace() else ""
        return textwrap.dedent(indent + passage.source(unit))
    return strip_markup(passage.source(unit))


def _cited_spans(passage: Passage, unit: Unit) -> Iterator[Span]:
    """The unit, and of a row the headings of the columns that it quotes and the cells that it
    shares with a row above."""
    yield unit.start, unit.end
    if unit.kind is Kind.ROW:
        yield from ((a, b) for a, b in unit.cells if passage.start <= a < b <= unit.start)
        for number, (start, end) in enumerate(unit.columns):
            is_quoted = number >= unit.labels and unit.cells[number][0] < unit.cells[number][1]
            if is_quoted and passage.start <= start < end <= passage.end:
                yield start, end


def _parts(passage: Passage, unit: Unit) -> Iterator[Span]:
    if unit.kind is not Kind.ROW or not unit.cells:
        yield unit.start, unit.end
        return
    for number, cell in enumerate(unit.cells):
        if cell[0] >= cell[1]:
            continue
        if number >= unit.labels and number < len(unit.columns):
            heading = unit.columns[number]
            if passage.start <= heading[0] < heading[1] <= passage.end:
                yield heading
        yield cell


def _citation(number: int, passage: Passage, span: Span) -> Citation:
    question = (passage.question,) if passage.question else ()
    return Citation(
        number=number,
        document=passage.document,
        title=passage.title,
        headings=(*passage.headings, *question),
        sha256=passage.sha256,
        start=span[0],
        end=span[1],
        quote=passage.at(*span),
    )
