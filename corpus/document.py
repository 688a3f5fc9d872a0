"""The types that the rest of the system speaks of: Document, Block, Passage, Unit.

All offsets count Python characters (code points) of `Document.text`, end exclusive.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from corpus.markup import strip_markup

Span = tuple[int, int]


class Kind(StrEnum):
    """What a block of a document is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    HEADER = "header"  # the first row of a table, which names its columns
    QUESTION = "question"  # a heading that asks what the answer blocks below it answer
    ANSWER = "answer"
    CODE = "code"
    BOILERPLATE = "boilerplate"  # navigation, bylines, repeated lines: shown, never indexed


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of structure: `[start, end)` of the document's text, without outer white space.

    `level` is 1 to 6 for headings and questions, the nesting depth from 1 for items, else 0.
    `cells` are the spans of a row's cells. `reason` says why a block is boilerplate.
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    cells: tuple[Span, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Document:
    """One file of the corpus. `path` is relative to the corpus folder, with forward slashes."""

    path: str
    text: str = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """The name under which the text is kept: SHA-256 of its UTF-8 bytes, hexadecimal."""
        return text_digest(self.text)

    @cached_property
    def title(self) -> str:
        """The first heading of level 1, else the file's name made readable."""
        for block in self.blocks:
            if block.kind in (Kind.HEADING, Kind.QUESTION) and block.level == 1:
                return strip_markup(self.text[block.start : block.end])
        return self.path.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("-", " ").replace("_", " ")

    def boilerplate(self) -> Iterator[Block]:
        """The blocks that are left out of the index."""
        return (b for b in self.blocks if b.kind is Kind.BOILERPLATE)


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest piece that may be quoted: a sentence, an item, a row, a code block.

    `lead` is the span of what the unit cannot be understood without: the line that opens its
    list, or the header of its table; None where it stands alone.
    """

    kind: Kind
    start: int
    end: int
    cells: tuple[Span, ...] = ()
    lead: Span | None = None


@dataclass(frozen=True)
class Passage:
    """The unit that is found: contiguous text of one document, and the units inside it.

    `headings` is the path of headings above it, outermost first, without the document's title.
    `question` is the question of an FAQ pair, which then opens the passage's text.
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

    def at(self, start: int, end: int) -> str:
        """The document's text at `[start, end)`, which must lie inside the passage."""
        return self.text[start - self.start : end - self.start]

    def source(self, unit: Unit) -> str:
        """A unit's own text, as it stands in the document."""
        return self.at(unit.start, unit.end)

    @cached_property
    def context(self) -> str:
        """Title and headings in one line: what a reader of the passage has just read."""
        above = [self.title, *(h for h in self.headings if h != self.title)]
        return " › ".join(above)

    @cached_property
    def id(self) -> str:
        """Stable while the passage's words, place in the headings and cutting stay the same."""
        material = "\x1f".join([self.document, self.context, str(self.start), self.text])
        return hashlib.sha256(material.encode()).hexdigest()[:32]


def text_digest(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
