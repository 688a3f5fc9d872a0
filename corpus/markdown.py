"""Parses Markdown into blocks, with markdown-it-py, which gives line numbers.

Blocks are spans of the source; no character is changed. Front matter, HTML, directives and
questions with answers have modules of their own.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.boilerplate import boilerplate_reason
from corpus.contents import without_contents
from corpus.directives import Neutralized, neutralize
from corpus.document import Block, Kind, Span
from corpus.front_matter import front_matter_blocks, front_matter_metadata
from corpus.html import html_blocks
from corpus.lines import Line, split_lines, trim_span
from corpus.markdown_lines import bare_tables, code_runs, elements
from corpus.metadata import Metadata
from corpus.questions import END_OF_ANSWER, LABEL_LEVEL, QUESTION_LEVEL, mark_questions

# Only blocks are parsed: `inline` would parse the text of each a second time.
_PARSER = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
_STRUCTURE = frozenset(
    ["heading_open", "bullet_list_open", "ordered_list_open", "table_open", "fence", "html_block"]
)
# A heading or an item whatever stands around it: inside code or HTML, that is a mark itself.
_PLAIN_MARK = re.compile(r"(?:#{1,6}|[-*+])[ \t]+\S")
_DEFINITION = re.compile(r"^[ \t]{0,3}[:~][ \t]+(?=\S)")
_OPTION = re.compile(r":[\w-]+:(?:[ \t].*)?$")
# A paragraph in bold that names what stands below it.
_LABEL = re.compile(r"\*\*([^*\n]{1,80}[^*\n.:;,!?…])\*\*|__([^_\n]{1,80}[^_\n.:;,!?…])__")
# "Assignee: Ada": a property, if several such lines stand together.
_PROPERTY = re.compile(r"([A-Z][\w /&()'-]{1,40}):[ \t]+\S")
_MIN_PROPERTIES = 3
_TASK = re.compile(r"\[[ xX]\][ \t]+")
_DEEP_ITEM = re.compile(r"\n[ \t]{4,}[-*+][ \t]+(?=\S)")
_ITEM_MARK = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)", re.MULTILINE)
# Marks of Markdown in a text file, see `has_strong_marks`. Each is linear.
_STRONG = re.compile(
    r"^[ \t]*+\|?+[ \t]*+:?-{3,}+:?[ \t]*+\|[-:| \t]*+$"
    r"|^[ \t]*+<(?:details|table|summary|h[1-6]|ul|ol)\b",
    re.MULTILINE | re.IGNORECASE,
)
_FENCE_LINE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_HEADING_LINE = re.compile(r"(?:\A|\n[ \t]*\r?\n)#{1,6}[ \t]+\S")
# Images and tags, and links around them, which say nothing if they stand alone in a paragraph.
_IMAGE = re.compile(r"!\[[^\[\]]*\](?:\([^()\n]*\)|\[[^\[\]\n]*\])|<[^<>]*>")
_EMPTY_LINK = re.compile(r"\[\s*\](?:\([^()\n]*\)|\[[^\[\]\n]*\])")
_MAX_FRONT_MATTER = 110_000  # characters that are looked at for metadata


def has_block_marks(text: str) -> bool:
    """Whether the text contains a heading, list, table, fence, directive or HTML block in
    Markdown."""
    lines = split_lines(text)
    body = _front_matter_end(lines)
    if any(_PLAIN_MARK.match(line.text) for line in islice(lines, body, None)):
        return True
    source = neutralize(lines)
    return any(number >= body for number in source.marks) or any(
        token.type in _STRUCTURE for token in _PARSER.parse("\n".join(source.lines[body:]))
    )


def has_strong_marks(text: str) -> bool:
    """Whether a text that is not said to be Markdown has marks that mean nothing else: a table,
    two fences, two headings behind empty lines, or an element of HTML that structures text."""
    return bool(_STRONG.search(text)) or any(
        len(pattern.findall(text)) > 1 for pattern in (_FENCE_LINE, _HEADING_LINE)
    )


def front_matter(text: str) -> tuple[list[Block], int]:
    """Returns the blocks of the YAML at the start of the text, and where the text behind it
    starts."""
    return _front_matter(text, split_lines(text))


def metadata_of(text: str) -> Metadata:
    """Returns what the YAML at the start of the text says of the document."""
    if not text.lstrip("\ufeff").startswith("---"):
        return Metadata()
    lines = split_lines(text[:_MAX_FRONT_MATTER])
    body = _front_matter_end(lines)
    return front_matter_metadata(text, lines[0].end, lines[body - 1].start) if body else Metadata()


def _front_matter(text: str, lines: Sequence[Line]) -> tuple[list[Block], int]:
    body = _front_matter_end(lines)
    if not body:
        return [], 0
    blocks = front_matter_blocks(text, lines[0].end, lines[body - 1].start)
    if not blocks:
        span = trim_span(text, lines[0].start, lines[body - 1].end)
        blocks = [Block(Kind.BOILERPLATE, *span, reason="front matter")]
    return blocks, lines[body].start if body < len(lines) else len(text)


def markdown_blocks(text: str) -> list[Block]:
    """Returns the blocks of a Markdown text, in order."""
    lines = split_lines(text)
    blocks, _ = _front_matter(text, lines)
    walked = _Walk(text, lines, neutralize(lines), _front_matter_end(lines)).blocks()
    blocks.extend(block for block in walked if not _is_image(text, block))
    marked = mark_questions(text, without_contents(text, blocks))
    return [block for block in marked if block.start < block.end]  # "#" alone is empty


def _is_image(text: str, block: Block) -> bool:
    """Whether the block holds nothing but images and tags."""
    words = text[block.start : block.end]
    if block.kind not in (Kind.PARAGRAPH, Kind.ITEM) or not ("![" in words or "<" in words):
        return False
    return not any(map(str.isalnum, _EMPTY_LINK.sub("", _IMAGE.sub("", words))))


def _front_matter_end(lines: Sequence[Line]) -> int:
    """Returns the number of lines of a leading `---` block, 0 if there is none."""
    if not lines or lines[0].text.strip() != "---":
        return 0
    for number, line in enumerate(lines[1:], start=2):
        if line.text.strip() in ("---", "..."):
            return number
    return 0


@dataclass
class _List:
    """An open list: the number of its next item, 0 if it is not ordered."""

    number: int
    item_line: int = -1
    is_fresh: bool = False


@dataclass
class _Walk:
    """One pass over the tokens of a text, from line `body` on."""

    text: str
    lines: Sequence[Line]
    source: Neutralized
    body: int
    lists: list[_List] = field(default_factory=list)
    # The end lines of the elements of HTML and of code without a fence, by their first lines.
    elements: dict[int, int] = field(default_factory=dict)
    label: Span = (0, 0)  # the first cell of the open table that is not empty, for rows below it
    code: dict[int, int] = field(default_factory=dict)
    end: int = sys.maxsize  # the line behind the directive whose title asks
    tables: dict[int, int] = field(default_factory=dict)  # without a header

    def blocks(self) -> Iterator[Block]:
        """Yields the blocks."""
        parsed = ["" if n < self.body else line for n, line in enumerate(self.source.lines)]
        self.elements = dict(elements(parsed))
        for first, last in self.elements.items():
            parsed[first:last] = _placeholder(parsed, first, last)
        self.code = dict(code_runs(parsed, self.source.fenced))
        for first, last in self.code.items():
            parsed[first:last] = _placeholder(parsed, first, last)
        self.tables = dict(bare_tables(parsed, self.source.fenced))
        for first, last in self.tables.items():
            parsed[first:last] = _placeholder(parsed, first, last)
        extra = sorted(
            [
                *self.elements,
                *self.code,
                *self.tables,
                *(n for n in self.source.titles if n >= self.body),
            ]
        )
        header = False
        at = 0
        for token in _PARSER.parse("\n".join(parsed)):
            if token.map and token.nesting >= 0:
                while at < len(extra) and extra[at] <= token.map[0]:
                    yield from self._extra(extra[at])
                    at += 1
                yield from self._leave(token.map[0])
            if token.type in ("thead_open", "thead_close"):
                header = token.type == "thead_open"
                self.label = (0, 0)
            elif token.type == "tr_open" and token.map:
                yield self._row(token.map[0], Kind.HEADER if header else Kind.ROW)
            else:
                yield from self._block(token)
        for number in extra[at:]:
            yield from self._extra(number)

    def _extra(self, number: int) -> Iterator[Block]:
        """An element of HTML, code without a fence, or the title of a directive."""
        if last := self.code.get(number):
            yield self._code(number, last)
        elif last := self.tables.get(number):
            self.label = (0, 0)
            yield from (self._row(each, Kind.ROW) for each in range(number, last))
        elif last := self.elements.get(number):
            yield from html_blocks(self.text, self.lines[number].start, self.lines[last - 1].end)
        else:
            yield from self._leave(number)
            start, end = trim_span(self.text, *self.source.titles[number])
            asks = self.text[start:end].endswith("?")
            self.end = self.source.ends.get(number, len(self.lines)) if asks else self.end
            kind, level = (Kind.QUESTION, QUESTION_LEVEL) if asks else (Kind.PARAGRAPH, 0)
            yield Block(kind, start, end, level)

    def _leave(self, number: int) -> Iterator[Block]:
        """Ends the answer to the title of a directive if the line stands behind it."""
        if number >= self.end:
            at = self.lines[number].start
            self.end = len(self.lines)
            yield Block(Kind.BOILERPLATE, at, at, reason=END_OF_ANSWER)

    def _is_elsewhere(self, number: int) -> bool:
        """Whether the line is parsed by `_extra`."""
        return number in self.elements or number in self.code or number in self.tables

    def _block(self, token: Token) -> Iterator[Block]:
        first, last = token.map or (0, 0)
        match token.type:
            case "heading_open":
                yield self._heading(token)
            case "bullet_list_open":
                self.lists.append(_List(0))
            case "ordered_list_open":
                self.lists.append(_List(int(token.attrGet("start") or 1)))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self.lists[-1].item_line, self.lists[-1].is_fresh = first, True
            case "paragraph_open" if self.lists:
                yield from _divided(self.text, self._item(first, last))
            case "paragraph_open":
                yield from self._paragraph(first, last)
            case "fence":
                closed = last - 1 > first and not token.content.endswith(
                    self.lines[last - 1].text.strip() + "\n"
                )
                yield self._code(first + 1 + self._options(token, first), last - closed)
            case "code_block" if not self._is_elsewhere(first):
                yield self._code(first, last)
            case "html_block" if not self._is_elsewhere(first):
                yield from html_blocks(self.text, self.lines[first].start, self.lines[last - 1].end)

    def _span(self, first: int, last: int) -> Span:
        """The span of the lines without directives at its ends and block-quote marks at its
        start."""
        while first < last and first in self.source.marks:
            first += 1
        start, end = trim_span(self.text, self.lines[first].start, self.lines[last - 1].end)
        while start < end and self.text[start] in "> \t":
            start += 1
        return start, end

    def _code(self, first: int, last: int) -> Block:
        if first >= last:
            return Block(Kind.CODE, 0, 0)
        start, end = trim_span(self.text, self.lines[first].start, self.lines[last - 1].end)
        return Block(Kind.CODE, start, end, level=len(self.lists))

    def _options(self, token: Token, first: int) -> int:
        """How many lines of options stand in a directive of MyST that shows code."""
        if not token.info.strip().startswith("{"):
            return 0
        following = (self.lines[n].text.strip() for n in range(first + 1, len(self.lines)))
        return sum(1 for _ in takewhile(_OPTION.match, following))

    def _heading(self, token: Token) -> Block:
        first, last = token.map or (0, 0)
        start, end = self._span(first, last)
        if token.markup.startswith("#"):
            while start < end and self.text[start] in "# \t":
                start += 1
            while end > start and self.text[end - 1] in "# \t":
                end -= 1
        else:  # a setext heading: the last line is its underline
            start, end = trim_span(self.text, start, self.lines[last - 1].start)
        return Block(Kind.HEADING, start, end, level=int(token.tag[1]))

    def _item(self, first: int, last: int) -> Block:
        """The first paragraph of an item without its mark, or a further paragraph."""
        start, end = self._span(first, last)
        current = self.lists[-1]
        number = 0
        if current.is_fresh:
            current.is_fresh = False
            if current.number:
                number = current.number
                current.number += 1
            if first == current.item_line:
                # "- 1. x" opens two lists in one line
                while mark := _ITEM_MARK.match(self.text, start, end):
                    start = mark.end()
            if task := _TASK.match(self.text, start, end):
                start = task.end()
        return Block(Kind.ITEM, start, end, level=len(self.lists), number=number)

    def _paragraph(self, first: int, last: int) -> Iterator[Block]:
        """The paragraph; a term and its definitions ("Term" and below it ": Definition") are a
        heading and paragraphs, lines of properties are items."""
        starts = [n for n in range(first, last) if _DEFINITION.match(self.lines[n].text)]
        if starts and starts[0] > first:
            yield Block(Kind.HEADING, *self._span(first, starts[0]), level=6)
            for begin, stop in zip(starts, [*starts[1:], last], strict=True):
                start, end = self._span(begin, stop)
                yield Block(Kind.PARAGRAPH, *trim_span(self.text, start + 1, end))
            return
        if self._are_properties(first, last):
            for n in range(first, last):
                yield Block(Kind.ITEM, *self._span(n, n + 1), level=1)
            return
        start, end = self._span(first, last)
        if label := _LABEL.fullmatch(self.text, start, end):
            yield Block(Kind.HEADING, *label.span(label.lastindex or 0), level=LABEL_LEVEL)
            return
        reason = boilerplate_reason(self.text[start:end])
        if reason:
            yield Block(Kind.BOILERPLATE, start, end, reason=reason)
        elif not starts:
            yield Block(Kind.PARAGRAPH, start, end)
        else:
            yield Block(Kind.PARAGRAPH, *trim_span(self.text, start + 1, end))

    def _are_properties(self, first: int, last: int) -> bool:
        """Whether each of the lines names another property of what the page is about."""
        found = [_PROPERTY.match(self.lines[n].text.lstrip()) for n in range(first, last)]
        names = {each[1] for each in found if each}
        return len(names) == len(found) >= _MIN_PROPERTIES

    def _row(self, number: int, kind: Kind) -> Block:
        start, end = self._span(number, number + 1)
        cells = tuple(_cells(self.text, start, end))
        full = [cell for cell in cells if cell[0] < cell[1]]
        if full:
            start, end = full[0][0], full[-1][1]
        # An empty cell may lie before the first or behind the last full one.
        cells = tuple((min(max(a, start), end), max(min(b, end), start)) for a, b in cells)
        if kind is Kind.ROW and cells:
            # A row without a label goes on with the one above it.
            self.label = cells[0] if cells[0][0] < cells[0][1] else self.label
            cells = (self.label, *cells[1:]) if self.label[1] else cells
        return Block(kind, start, end, cells=cells)


def _divided(text: str, item: Block) -> Iterator[Block]:
    """An item, and the items in it that are indented too far to be parsed as such."""
    marks = list(_DEEP_ITEM.finditer(text, item.start, item.end))
    end = marks[0].start() if marks else item.end
    yield replace(item, end=trim_span(text, item.start, end)[1])
    for mark, stop in zip(marks, [*(m.start() for m in marks[1:]), item.end], strict=False):
        yield Block(Kind.ITEM, *trim_span(text, mark.end(), stop), level=item.level + 1)


def _placeholder(lines: Sequence[str], first: int, last: int) -> list[str]:
    """What the Markdown parser sees of lines that are parsed elsewhere: a comment, which ends a
    block of indented code as the lines themselves would."""
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip(" \t"))]
    return [f"{indent}<!---->", *[""] * (last - first - 1)]


def _cells(text: str, start: int, end: int) -> Iterator[Span]:
    at = start + 1 if text[start : start + 1] == "|" else start
    begin = at
    while at <= end:
        bar = at == end or (text[at] == "|" and text[at - 1] != "\\")
        if bar and (at < end or begin < end):
            yield trim_span(text, begin, at)
            begin = at + 1
        at += 1
