"""The types that loading and splitting produce: Document, Block, Passage, Unit.

All offsets count Python characters (code points) of `Document.text`, end exclusive.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from corpus.markup import strip_markup

Span = tuple[int, int]
# Characters of a heading that are shown, and encoded with each passage and unit below it.
MAX_HEADING_CHARS = 300


class Kind(StrEnum):
    """What a block of a document is. The values are stored in the index."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    HEADER = "header"  # the first row of a table, with the column names
    QUESTION = "question"  # a heading that asks; the answer blocks below it answer it
    ANSWER = "answer"
    CODE = "code"
    BOILERPLATE = "boilerplate"  # navigation, bylines, repeated lines: never indexed


@dataclass(frozen=True, slots=True)
class Block:
    """A structural part of a document: `[start, end)` of its text, without outer white space.

    `level` is 1 to 6 for headings and questions, more for those that are no headings of Markdown,
    the nesting depth from 1 for items, else 0. `cells` holds the spans of a row's cells; a cell
    that spans several rows belongs to each of them and lies outside the others. `reason` says why
    a block is boilerplate.
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    cells: tuple[Span, ...] = ()
    reason: str = ""
    number: int = 0
    labels: int = 1
    answers: bool = False


@dataclass(frozen=True)
class Document:
    """One file of the corpus. `path` is relative to the corpus folder, with forward slashes."""

    path: str
    text: str = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """The digest under which the text is stored, see `text_digest`."""
        return text_digest(self.text)

    @cached_property
    def title(self) -> str:
        """The first heading of level 1, else the file name without suffix, - and _."""
        for block in self.blocks:
            if block.kind in (Kind.HEADING, Kind.QUESTION) and block.level == 1:
                return strip_markup(self.text[block.start : block.end])[:MAX_HEADING_CHARS]
        return self.path.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("-", " ").replace("_", " ")

    def boilerplate(self) -> Iterator[Block]:
        """The blocks that are not indexed."""
        return (b for b in self.blocks if b.kind is Kind.BOILERPLATE)


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest text that can be quoted: a sentence, an item, a row, a code block or a heading
    that states a fact.

    What is needed to understand it: `lead`, the sentence that introduces its list, code or table,
    or the header of its table; `parents`, the items that a nested item belongs to, outermost
    first; `columns`, the column headings of a row's cells, (0, 0) for a cell without one; `above`,
    the headings from the release or the day on that it belongs to, outermost first.
    `number` and `labels` are those of the block.
    """

    kind: Kind
    start: int
    end: int
    cells: tuple[Span, ...] = ()
    lead: Span | None = None
    number: int = 0
    labels: int = 1
    columns: tuple[Span, ...] = ()
    parents: tuple[Span, ...] = ()
    above: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Passage:
    """What a search returns: contiguous text of one document, and the units inside it.

    `headings` is the path of headings above it, outermost first, without the document's title.
    `question` is the question that an FAQ answer answers; if it directly precedes the answer, it
    is part of `text`. `outside` holds start and text of the headings in other passages that are
    units of this one or that its units are quoted with.
    """

    document: str
    sha256: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    text: str = field(repr=False)
    kind: Kind
    question: str | None = None
    units: tuple[Unit, ...] = field(default=(), repr=False)
    outside: tuple[tuple[int, str], ...] = field(default=(), repr=False)

    def at(self, start: int, end: int) -> str:
        """Returns the document's text at `[start, end)`; "" if that lies neither inside the passage
        nor in a heading of `outside`."""
        if self.start <= start <= end <= self.end:
            return self.text[start - self.start : end - self.start]
        parts = (
            text[max(start - at, 0) : end - at] for at, text in self.outside if at <= start < end
        )
        return next((part for part in parts if len(part) == end - start), "")

    def source(self, unit: Unit) -> str:
        """Returns a unit's text, unchanged from the document."""
        return self.at(unit.start, unit.end)

    @cached_property
    def body(self) -> str:
        """The text without the headings in front, except those that state a fact."""
        return self.at(self.units[0].start, self.end) if self.units else self.text

    @cached_property
    def context(self) -> str:
        """Title and headings in one line, outermost first, separated by ›."""
        above = [self.title, *(h for h in self.headings if h != self.title)]
        return " › ".join(above)

    @cached_property
    def id(self) -> str:
        """32 hexadecimal digits that depend on document, title, headings, start and text."""
        material = "\x1f".join([self.document, self.context, str(self.start), self.text])
        return hashlib.sha256(material.encode()).hexdigest()[:32]


def text_digest(text: str) -> str:
    """Returns the SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
