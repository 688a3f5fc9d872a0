"""Loads AsciiDoc: headings, paragraphs, lists, tables, code, admonitions, attributes.

A reader of our own, because no small library reads AsciiDoc in Python. The title, the line of the
author, `:revdate:` and YAML at the top are metadata. References to attributes are replaced by their
values, of the document itself only; text for an attribute that is not set (`ifdef`) is left out. A
cross reference without a text shows the title that it leads to if that is in the document, else the
words of its id. Lists of questions (`[qanda]`), and titles of blocks that ask, are questions.
Blocks in a cell are one text. Left out are comments, images, footnotes, passthroughs and what
`include::` names, which is named; no file is opened.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from corpus.formats.asciidoc_header import read_front_matter, read_header, set_attribute
from corpus.formats.asciidoc_inline import plain, substitute, without_placeholders
from corpus.formats.asciidoc_lines import (
    ADMONITION,
    ANCHOR,
    ATTRIBUTE,
    BLOCK_ATTRIBUTES,
    BLOCK_TITLE,
    FENCE,
    HEADING,
    INCLUDE,
    ITEM,
    MACRO,
    TERM,
    counted_lines,
)
from corpus.formats.asciidoc_lists import CALLOUT, OpenLists
from corpus.formats.asciidoc_tables import table_rows
from corpus.formats.asciidoc_titles import titles_by_id
from corpus.formats.dates import iso_date
from corpus.formats.encodings import decode_text
from corpus.formats.extracted import Extracted, NotExtracted
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata, joined

_TASK = re.compile(r"\[[ xX*]\][ \t]+")
_START = re.compile(r"\bstart=\"?(\d{1,4})")
_RULE = re.compile(r"(?:'''|<<<|---|\*\*\*)$")
_SUBSTITUTIONS = re.compile(r"\bsubs\s*=\s*(\"[^\"]*\"|[\w+-]+)")
_MAX_DEPTH = 20
_MAX_NAMED = 20  # includes


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the document of a text in AsciiDoc."""
    said, source = read_front_matter(decode_text(raw))
    lines = source.split("\n")
    text = _Reader(list(counted_lines(lines)), said).text()
    if not text:
        raise NotExtracted("contains no text")
    yield Extracted(text, tuple(_left_out(lines)))


def _left_out(lines: list[str]) -> Iterator[str]:
    found = (INCLUDE.match(line.rstrip()) for line in lines)
    names = Counter(each[1] for each in found if each)
    yield from (f"include {name}" for name in list(names)[:_MAX_NAMED])
    if len(names) > _MAX_NAMED:
        yield f"{len(names) - _MAX_NAMED:,} × include of other files"


@dataclass
class _Next:
    """What is said of the next block."""

    title: str = ""
    attributes: str = ""
    is_apart: bool = False  # whether an empty line stands before it, which ends a list

    def says(self, word: str) -> bool:
        return bool(re.search(rf"(?:^|[\s,.%#\"']){word}(?:$|[\s,.%\"'])", self.attributes))

    @property
    def source(self) -> str:
        """Who said what a block quotes, and where; "" if it quotes nothing."""
        style, *names = (part.strip(" \"'") for part in self.attributes.strip(",").split(","))
        is_quote = style.split(".")[0] in ("quote", "verse")
        return ", ".join(filter(None, names)) if is_quote else ""


@dataclass
class _Reader:
    """One pass over the lines. `front` is what the front matter says."""

    lines: list[str]
    front: Metadata
    at: int = 0
    attributes: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    next: _Next = field(default_factory=_Next)
    depth: int = 0
    in_questions: bool = False
    lists: OpenLists = field(default_factory=OpenLists)

    def text(self) -> str:
        """Returns the canonical text."""
        self.titles = titles_by_id(self.lines)
        title, self.at = read_header(self.lines, self.attributes)
        title = title or self.front.title
        self.attributes.setdefault("doctitle", title)
        own = Metadata(
            date=iso_date(self.attributes.get("revdate", "")),
            author=fold(self.attributes.get("author", "")),
            language=self.attributes.get("lang", ""),
        )
        self.writer = MarkdownWriter(joined(own, self.front))
        self.writer.heading(1, self._plain(title))
        self._blocks(len(self.lines))
        return self.writer.text()

    def _plain(self, text: str) -> str:
        return fold(plain(text, self.attributes, self.titles))

    def _blocks(self, end: int) -> None:
        """Writes the blocks up to the line `end`."""
        while self.at < end:
            line = self.lines[self.at]
            is_mark = not line or line == "+" or _RULE.match(line) or ANCHOR.match(line)
            self.lists.is_attached = self.lists.is_attached or line == "+"
            if is_mark or set_attribute(line, self.attributes) or self._said_of_next(line):
                self.at += 1
            elif found := FENCE.match(line):
                self._delimited(found[1], end)
            elif found := HEADING.match(line):
                self._leave()
                self.writer.heading(len(found[1]), self._plain(found[2]))
                self.at += 1
            elif MACRO.match(line):
                self.lists.take_block()
                self._label(self.next.title)
                self.next = _Next()
                self.at += 1
            elif ITEM.match(line) or TERM.match(line):
                self._list(end)
            else:
                self._paragraph(end)

    def _said_of_next(self, line: str) -> bool:
        is_first = self.next == _Next()
        if found := BLOCK_ATTRIBUTES.match(line):
            self.next.attributes += f",{found[1]}"
        elif found := BLOCK_TITLE.match(line):
            self.next.title = found[1]
        if found and is_first:
            self.next.is_apart = not self.at or not self.lines[self.at - 1]
        return bool(found)

    def _leave(self) -> None:
        self.next = _Next()
        self.in_questions = False
        self.lists = OpenLists()

    def _label(self, title: str) -> None:
        """Writes the title of a block that has no text of its own around it."""
        if words := self._plain(title):
            self.writer.label(words)

    def _delimited(self, fence: str, end: int) -> None:
        """Writes a block between two equal lines; up to the end if the second is missing."""
        self.lists.take_block()
        first = self.at + 1
        mark = fence[:3] if fence.startswith("`") else fence
        last = next((n for n in range(first, end) if self.lines[n] == mark), end)
        said, self.next = self.next, _Next()
        inside = self.lines[first:last]
        self.at = first
        is_code = fence[0] in "-.`" and fence != "--"
        if is_code or said.says("source") or said.says("listing"):
            self._label(said.title)
            self._code(inside, said)
        elif fence[0] in "|,:!":
            self._table(inside, fence, said)
        elif fence[0] != "+":
            self._inner(last, said)
        self.at = min(last + 1, end)
        self._end_block(end)

    def _end_block(self, end: int) -> None:
        """What follows without an empty line belongs to the same item."""
        self.lists.is_attached = self.at < end and bool(self.lines[self.at])

    def _inner(self, last: int, said: _Next) -> None:
        """Writes the blocks inside a block; they answer its title if that asks."""
        title = self._plain(said.title)
        if title.endswith("?"):
            self.writer.begin_details(title)
        else:
            self._label(title)
        outer, self.lists = self.lists, self.lists.inside()
        self.depth += 1
        if self.depth < _MAX_DEPTH:
            self._blocks(last)
        self.depth -= 1
        self.writer.paragraph(self._plain(said.source), self.lists.items)
        self.lists = outer
        if title.endswith("?"):
            self.writer.end_details()

    def _code(self, lines: list[str], said: _Next) -> None:
        text = "\n".join(lines)
        found = _SUBSTITUTIONS.search(said.attributes)
        names = found[1] if found else ""
        if "attributes" in names or "normal" in names:
            text = substitute(text, self.attributes)
        if "quotes" in names or "normal" in names:
            text = without_placeholders(text)
        self.writer.code(text, self.lists.items)

    def _table(self, lines: list[str], fence: str, said: _Next) -> None:
        rows, has_header = table_rows(lines, fence[0], said.attributes)
        cells = [[self._plain(cell) for cell in row] for row in rows]
        self.writer.table(cells, self._plain(said.title), has_header=has_header or len(cells) < 2)

    def _paragraph(self, end: int) -> None:
        """Writes the lines up to an empty one."""
        self.lists.take_block()
        said, self.next = self.next, _Next()
        words: list[str] = []
        while self.at < end and self.lines[self.at] and self.lines[self.at] != "+":
            line = self.lines[self.at]
            if words and (FENCE.match(line) or BLOCK_ATTRIBUTES.match(line)):
                break
            if words and self.lists.items and _is_item(line):
                break
            words.append(line)
            self.at += 1
        self._label(said.title)
        is_literal = all(line[:1] in " \t" for line in words) and not said.attributes
        if said.says("source") or said.says("listing") or said.says("literal") or is_literal:
            self._code(words, said)
        elif not said.says("pass"):
            text = self._plain(ADMONITION.sub("", "\n".join(words)))
            self.writer.paragraph(text, self.lists.items)
        self.writer.paragraph(self._plain(said.source), self.lists.items)
        self._end_block(end)

    def _list(self, end: int) -> None:
        """Writes one item or one term, with the lines that belong to it."""
        line = self.lines[self.at]
        self.in_questions = self.in_questions or self.next.says("qanda")
        if self.next.is_apart:
            self.lists.take_block()
        self.lists.is_attached = False
        start = _START.search(self.next.attributes)
        self._label(self.next.title)
        self.next = _Next()
        self.at += 1
        if found := ITEM.match(line):
            mark = found[1] or found[2] or ("1" if found[3] else CALLOUT)
            digits = found[3] or (found[4] or "").strip(".")
            said = int(digits) if digits else None
            number = self.lists.open(mark, int(start[1]) if start else 1, said)
            words = [_TASK.sub("", found[5]), *self._continued(end)]
            text = self._plain("\n".join(words))
            self.writer.item(text, self.lists.items, None if found[1] else number)
        elif found := TERM.match(line):
            self.lists.open(found[2])
            if not found[3]:
                self._skip_empty_lines(end)
            words = [*filter(None, [found[3]]), *self._continued(end)]
            self._term(self._plain(found[1]), words)

    def _skip_empty_lines(self, end: int) -> None:
        """Goes to the text of a term that stands below empty lines."""
        following = next((n for n in range(self.at, end) if self.lines[n]), end)
        if following < end and not _is_block(self.lines[following]):
            self.at = following

    def _term(self, term: str, words: list[str]) -> None:
        said = self._plain("\n".join(words))
        if self.in_questions:
            self.writer.question(term)
            self.writer.answer(said)
        else:
            self.writer.definition(term, said)

    def _continued(self, end: int) -> Iterator[str]:
        """The lines that go on with an item: those right below it, and paragraphs behind "+"."""
        while self.at < end:
            line = self.lines[self.at]
            following = self.lines[self.at + 1] if self.at + 1 < end else ""
            if line == "+" and following and not _is_block(following):
                self.at += 1
                continue
            if not line or _is_block(line):
                return
            yield line.strip()
            self.at += 1


def _is_block(line: str) -> bool:
    """Whether a line starts a block of its own inside a list."""
    patterns = (FENCE, BLOCK_ATTRIBUTES, BLOCK_TITLE, HEADING, MACRO, ATTRIBUTE)
    return line == "+" or any(pattern.match(line) for pattern in patterns) or _is_item(line)


def _is_item(line: str) -> bool:
    return bool(ITEM.match(line) or TERM.match(line))
