"""The question-answer pairs in the documents of a FAQ file, and which of them lack a part."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from assistant.english.statements import is_bare_link
from corpus.document import Document, Kind, Passage
from corpus.formats.registry import has_text_suffix
from corpus.markup import strip_markup
from corpus.places import place_at
from corpus.splitter import split
from index.rendering import unit_text
from index.terms import words


@dataclass(frozen=True, slots=True)
class FaqPair:
    """A question with the sentences, items and rows of its answer, in plain text. `place` is where
    it stands: "line 12" or "row 7"."""

    document: str
    place: str
    question: str
    sentences: tuple[str, ...]

    @property
    def answer(self) -> str:
        """The sentences in one line."""
        return " ".join(self.sentences)

    @property
    def key(self) -> tuple[str, ...]:
        """The words of question and answer: the same in two copies of a pair."""
        return tuple(words(f"{self.question} {self.answer}"))


def pairs_of(document: Document) -> Iterator[FaqPair]:
    """Yields the pairs of a document, in order."""
    for parts in _grouped(split(document)):
        if sentences := _sentences(parts):
            first, asked = parts[0], parts[0].question or ""
            start = first.start + max(first.text.find(asked), 0)
            question, place = strip_markup(asked), _place(document, start)
            yield FaqPair(document.path, place, question, sentences)


def keys_of(passages: Iterable[Passage]) -> Iterator[tuple[tuple[str, ...], list[Passage]]]:
    """Yields the `key` of each pair in the passages, with the passages that it is made of."""
    for parts in _grouped(passages):
        question = strip_markup(parts[0].question or "")
        yield FaqPair("", "", question, _sentences(parts)).key, parts


def unanswered(document: Document) -> Iterator[str]:
    """Yields the place and the text of each heading that asks and has no answer."""
    for block in document.blocks:
        text = strip_markup(document.text[block.start : block.end])
        if block.kind is Kind.HEADING and text.endswith("?"):
            yield f'{_place(document, block.start)}: the question "{text}" has no answer'


def _grouped(passages: Iterable[Passage]) -> Iterator[list[Passage]]:
    """The passages of each pair: a long answer has several in a row."""
    asking = (passage for passage in passages if passage.question)
    for _, parts in groupby(asking, key=lambda p: (p.document, p.question)):
        yield list(parts)


def _sentences(parts: Iterable[Passage]) -> tuple[str, ...]:
    """The units of the passages in plain text, without headings and bare links."""
    return tuple(
        text
        for passage in parts
        for unit in passage.units
        if unit.kind not in (Kind.HEADER, Kind.HEADING) and not is_bare_link(passage.source(unit))
        if words(text := unit_text(passage, replace(unit, above=())))
    )


def _place(document: Document, start: int) -> str:
    if has_text_suffix(document.path):
        return f"line {document.text.count(chr(10), 0, start) + 1}"
    return place_at(document.path, document.text, start) or document.path
