"""Loads AsciiDoc: headings, paragraphs, lists, tables, code, admonitions, attributes.

A reader of our own, because no small library reads AsciiDoc in Python. The title, the line of the
author and `:revdate:` are metadata. References to attributes are replaced by their values, of the
document itself only; text for an attribute that is not set (`ifdef`) is left out. Lists of
questions (`[qanda]`), and titles of blocks that ask, are questions. Left out are comments, images,
footnotes, passthroughs and what `include::` names, which is counted; no file is opened.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from corpus.formats.asciidoc_inline import MAX_VALUE, plain, substitute
from corpus.formats.asciidoc_lines import ATTRIBUTE, INCLUDE, counted_lines
from corpus.formats.asciidoc_tables import table_rows
from corpus.formats.dates import iso_date
from corpus.formats.encodings import decode_text
from corpus.formats.extracted import Extracted, NotExtracted
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]{1,9}\1)?$")
_BLOCK_ATTRIBUTES = re.compile(r"\[(?!\[)([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]$")
_ANCHOR = re.compile(r"\[\[[^\[\]]*\]\]$")
_BLOCK_TITLE = re.compile(r"\.([^\s.].*)$")
_FENCE = re.compile(r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|`{3,}[\w,+-]*|[|,:!]={3,})$")
_ADMONITION = re.compile(r"(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION):[ \t]+(?=\S)")
_MACRO = re.compile(r"(image|video|audio|toc)::([^\s\[\]]*)\[.*\]$")
_ITEM = re.compile(r"[ \t]*(?:(\*{1,6}|-|•)|(\.{1,6})|(\d{1,4})\.|<(?:\d{1,3}|\.)>)[ \t]+(\S.*)$")
_TASK = re.compile(r"\[[ xX*]\][ \t]+")
_TERM = re.compile(r"[ \t]*(\S.{0,300}?)(?::{2,4}|;;)(?:[ \t]+(\S.*))?$")
_START = re.compile(r"\bstart=\"?(\d{1,4})")
_RULE = re.compile(r"(?:'''|<<<|---|\*\*\*)$")
_AUTHOR = re.compile(r"([^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){1,3})(?:[ \t]*<[^<>]*>)?(?:;|$)")
_REVISION = re.compile(r"v?\d[\w.-]*,[ \t]*(.+?)(?::.*)?$|(\d{4}-\d{2}-\d{2})$")
_MAX_DEPTH = 20


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the document of a text in AsciiDoc."""
    reader = _Reader(decode_text(raw).split("\n"))
    text = reader.text()
    if not text:
        raise NotExtracted("contains no text")
    yield Extracted(text, tuple(f"{count:,} × {name}" for name, count in reader.left_out.items()))


@dataclass
class _Next:
    """What is said of the next block."""

    title: str = ""
    attributes: str = ""

    def says(self, word: str) -> bool:
        return bool(re.search(rf"(?:^|[\s,.%#\"']){word}(?:$|[\s,.%\"'])", self.attributes))


@dataclass
class _Reader:
    """One pass over the lines. `question` is whether the paragraphs answer a question."""

    lines: list[str]
    at: int = 0
    attributes: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    next: _Next = field(default_factory=_Next)
    depth: int = 0
    in_questions: bool = False
    # The marks of the open lists, outermost first, and the last number of each.
    lists: list[tuple[str, int]] = field(default_factory=list)

    def text(self) -> str:
        """Returns the canonical text."""
        self.left_out["include"] = sum(bool(INCLUDE.match(line.rstrip())) for line in self.lines)
        self.lines = list(counted_lines(self.lines))
        title = self._header()
        self.writer = MarkdownWriter(
            Metadata(
                date=iso_date(self.attributes.get("revdate", "")),
                author=fold(self.attributes.get("author", "")),
                language=self.attributes.get("lang", ""),
            )
        )
        self.writer.heading(1, self._plain(title))
        self._blocks(len(self.lines))
        return self.writer.text()

    def _plain(self, text: str) -> str:
        return fold(plain(text, self.attributes))

    def _header(self) -> str:
        """Reads title, author, revision and attributes at the top. Returns the title."""
        title = ""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if self._attribute(line) or not line or _ANCHOR.match(line):
                if title and not line:
                    break
            elif not title and re.match(r"[=#][ \t]+\S", line):
                title = line[1:].strip()
            elif title and (found := _REVISION.match(line)):
                self.attributes.setdefault("revdate", found[1] or found[2])
            elif title and "author" not in self.attributes and (found := _AUTHOR.match(line)):
                self.attributes["author"] = found[1]
            else:
                break
            self.at += 1
        return title

    def _attribute(self, line: str) -> bool:
        found = ATTRIBUTE.match(line)
        if found:
            value = substitute(found[2] or "", self.attributes)[:MAX_VALUE]
            self.attributes[found[1].strip("!").lower()] = value.removesuffix(" \\")
        return bool(found)

    def _blocks(self, end: int) -> None:
        """Writes the blocks up to the line `end`."""
        while self.at < end:
            line = self.lines[self.at]
            is_mark = not line or line == "+" or _RULE.match(line) or _ANCHOR.match(line)
            if is_mark or self._attribute(line) or self._said_of_next(line):
                self.at += 1
            elif found := _FENCE.match(line):
                self._delimited(found[1], end)
            elif found := _HEADING.match(line):
                self._leave()
                self.writer.heading(len(found[1]), self._plain(found[2]))
                self.at += 1
            elif _MACRO.match(line):
                self._label(self.next.title)
                self.next = _Next()
                self.at += 1
            elif _ITEM.match(line) or _is_term(line):
                self._list(end)
            else:
                self._paragraph(end)
        self.left_out += Counter()  # without those that are zero

    def _said_of_next(self, line: str) -> bool:
        if found := _BLOCK_ATTRIBUTES.match(line):
            self.next.attributes += f",{found[1]}"
        elif found := _BLOCK_TITLE.match(line):
            self.next.title = found[1]
        return bool(found)

    def _leave(self) -> None:
        self.next = _Next()
        self.in_questions = False
        self.lists = []

    def _end_list(self) -> None:
        """Ends the open lists, unless the block at the current line is attached to an item."""
        if self.at and self.lines[self.at - 1] != "+":
            self.lists = []

    def _label(self, title: str) -> None:
        """Writes the title of a block that has no text of its own around it."""
        if words := self._plain(title):
            self.writer.label(words)

    def _delimited(self, fence: str, end: int) -> None:
        """Writes a block between two equal lines; up to the end if the second is missing."""
        self._end_list()
        first = self.at + 1
        mark = fence[:3] if fence.startswith("`") else fence
        last = next((n for n in range(first, end) if self.lines[n] == mark), end)
        said, self.next = self.next, _Next()
        inside = self.lines[first:last]
        self.at = first
        is_code = fence[0] in "-.`" and fence != "--"
        if is_code or said.says("source") or said.says("listing"):
            self._label(said.title)
            self.writer.code("\n".join(inside), len(self.lists))
        elif fence[0] in "|,:!":
            self._table(inside, fence, said)
        elif fence[0] != "+":
            self._inner(last, said)
        self.at = min(last + 1, end)

    def _inner(self, last: int, said: _Next) -> None:
        """Writes the blocks inside a block; they answer its title if that asks."""
        title = self._plain(said.title)
        if title.endswith("?"):
            self.writer.begin_details(title)
        else:
            self._label(title)
        self.depth += 1
        if self.depth < _MAX_DEPTH:
            self._blocks(last)
        self.depth -= 1
        if title.endswith("?"):
            self.writer.end_details()

    def _table(self, lines: list[str], fence: str, said: _Next) -> None:
        rows, has_header = table_rows(lines, fence[0], said.attributes)
        cells = [[self._plain(cell) for cell in row] for row in rows]
        self.writer.table(cells, self._plain(said.title), has_header=has_header or len(cells) < 2)

    def _paragraph(self, end: int) -> None:
        """Writes the lines up to an empty one."""
        self._end_list()
        said, self.next = self.next, _Next()
        words: list[str] = []
        while self.at < end and self.lines[self.at] and self.lines[self.at] != "+":
            line = self.lines[self.at]
            if words and (_FENCE.match(line) or _BLOCK_ATTRIBUTES.match(line)):
                break
            words.append(line)
            self.at += 1
        self._label(said.title)
        is_literal = all(line[:1] in " \t" for line in words) and not said.attributes
        if said.says("source") or said.says("listing") or said.says("literal") or is_literal:
            self.writer.code("\n".join(words))
        elif not said.says("pass"):
            text = self._plain(_ADMONITION.sub("", "\n".join(words)))
            self.writer.paragraph(text, len(self.lists))

    def _list(self, end: int) -> None:
        """Writes one item or one term, with the lines that belong to it."""
        line = self.lines[self.at]
        self.in_questions = self.in_questions or self.next.says("qanda")
        if self.next.attributes:
            self.lists = []
        start = _START.search(self.next.attributes)
        self._label(self.next.title)
        self.next = _Next()
        self.at += 1
        if found := _ITEM.match(line):
            depth, number = self._mark(found, int(start[1]) if start else 1)
            words = [_TASK.sub("", found[4]), *self._continued(end)]
            self.writer.item(self._plain("\n".join(words)), depth, number)
        elif found := _TERM.match(line):
            self.lists = []
            self._term(self._plain(found[1]), [*filter(None, [found[2]]), *self._continued(end)])

    def _term(self, term: str, words: list[str]) -> None:
        said = self._plain("\n".join(words))
        if self.in_questions:
            self.writer.question(term)
            self.writer.answer(said)
        else:
            self.writer.definition(term, said)

    def _mark(self, found: re.Match[str], start: int) -> tuple[int, int | None]:
        """The depth and the number of an item: a mark that no open list has opens a deeper one."""
        mark = found[1] or found[2] or "1"
        marks = [each for each, _ in self.lists]
        if mark in marks:
            self.lists = self.lists[: marks.index(mark) + 1]
            number = self.lists.pop()[1] + 1
        else:
            number = start
        number = int(found[3]) if found[3] else number
        self.lists.append((mark, number))
        return len(self.lists), None if found[1] else number

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
    patterns = (_FENCE, _ITEM, _BLOCK_ATTRIBUTES, _BLOCK_TITLE, _HEADING, _MACRO)
    return line == "+" or any(pattern.match(line) for pattern in patterns) or _is_term(line)


def _is_term(line: str) -> bool:
    return bool(_TERM.match(line)) and not line.startswith("//")
