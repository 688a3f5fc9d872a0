"""What tests of loaders read of a canonical text: its questions with answers, items and rows."""

from collections.abc import Iterable

from corpus.document import Kind
from corpus.formats.extracted import Extracted
from corpus.markdown import markdown_blocks
from corpus.markup import strip_markup


def one(extracted: Iterable[Extracted]) -> Extracted:
    """The only document of a file."""
    [only] = extracted
    return only


def entries(text: str) -> list[tuple[str, list[str]]]:
    """The questions, each with the blocks that answer it."""
    found: list[tuple[str, list[str]]] = []
    for block in markdown_blocks(text):
        words = strip_markup(text[block.start : block.end])
        if block.kind is Kind.QUESTION:
            found.append((words, []))
        elif block.answers:
            found[-1][1].append(words)
    return found


def items(text: str) -> list[str]:
    """The items of all lists."""
    return [
        strip_markup(text[b.start : b.end]) for b in markdown_blocks(text) if b.kind is Kind.ITEM
    ]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, with those of their headings."""
    return [
        [strip_markup(text[start:end]) for start, end in block.cells]
        for block in markdown_blocks(text)
        if block.kind in (Kind.HEADER, Kind.ROW)
    ]


def headings(text: str) -> list[str]:
    """The headings."""
    return [
        strip_markup(text[b.start : b.end]) for b in markdown_blocks(text) if b.kind is Kind.HEADING
    ]
