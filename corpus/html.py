"""Parses HTML inside Markdown into blocks: paragraphs, headings, lists, tables, disclosures.

Blocks are spans of the source, in which inline tags remain. Tags need not be closed or nested
correctly. Scripts, styles and embedded media are boilerplate.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from corpus.document import Block, Kind, Span
from corpus.lines import trim_span
from corpus.questions import END_OF_ANSWER, QUESTION_LEVEL

# Linear: an attribute may not contain < or >.
_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)([^<>]*)>|<!--")
_BLOCK_TAGS = frozenset(
    "address article aside audio blockquote body button canvas caption center dd details dialog "
    "div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html iframe "
    "label legend li main nav noscript ol optgroup option p pre script section select style "
    "summary svg table tbody td template tfoot th thead tr ul video".split()
)
_HIDDEN = frozenset("script style svg iframe video audio canvas template select noscript".split())
# A tag of one of these closes an open one of the same group, as browsers do.
_CLOSES = {
    "li": ("li",),
    "dt": ("dt", "dd"),
    "dd": ("dt", "dd"),
    "p": ("p",),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "tr": ("td", "th", "tr"),
}
# Open tags that say what their text is, beside h1 to h6.
_TELLING = frozenset("summary dt button legend pre nav li h1 h2 h3 h4 h5 h6".split())
_TABLE_TAGS = frozenset("table thead tbody tfoot tr td th".split())
_HEADING = re.compile(r"h([1-6])")
_TEMPLATE = re.compile(r"\{%[^{}%]*%\}")
# How many rows or columns a cell takes; more than 99 are taken for a mistake.
_ROWS = re.compile(r"\browspan\s*=\s*[\"']?(\d{1,2})\b", re.IGNORECASE)
_COLUMNS = re.compile(r"\bcolspan\s*=\s*[\"']?(\d{1,2})\b", re.IGNORECASE)
_LETTER = re.compile(r"[^\W_]")
# The deepest list that counts: the items around an item are stored with it.
_MAX_DEPTH = 12
# A question or an answer in the structured data of a FAQ page (schema.org, JSON-LD).
_LD_TEXT = re.compile(r'"(name|text)"\s*:\s*"((?:[^"\\]|\\.)*+)"')
# The level of a heading that is a summary, a term or the label of an accordion.
_LABEL_LEVEL = 6


@dataclass
class _Table:
    """The table that is open: the rows so far, and the row and cell that are open."""

    cells: list[tuple[Span, bool]] = field(default_factory=list)  # span, whether it is a th
    # By column, a cell that reaches into the rows to come, whether it is a th, and the rows left.
    taken: dict[int, tuple[Span, bool, int]] = field(default_factory=dict)
    row: int = 0  # where the open row starts
    attributes: str = ""
    cell: int | None = None
    is_header_cell: bool = False
    has_header: bool = False
    has_rows: bool = False


def html_blocks(text: str, start: int, end: int) -> list[Block]:
    """Returns the blocks of the HTML in `text[start:end]`, in order."""
    return list(_Parser(text, start, end).blocks())


class _Parser:
    """One pass over the tags. `_open` are the names of the open block tags, `_telling` those of
    them that say what their text is: there may be thousands of others around it."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._at = start
        self._end = end
        self._open: list[str] = []
        self._telling: list[str] = []
        self._counts: Counter[str] = Counter()  # of the open tags, to look one up quickly
        self._unclosed: set[str] = set()  # hidden elements that no tag closes
        self._numbers: list[int] = []  # the next number of each open list, 0 in a <ul>
        self._table: _Table | None = None
        self._fresh_item = False

    def blocks(self) -> Iterator[Block]:
        """Yields the blocks."""
        mark = self._at
        while found := _TAG.search(self._text, mark, self._end):
            if not found.group(2):  # a comment
                closed = self._text.find("-->", found.end(), self._end)
                mark = closed + 3 if closed >= 0 else self._end
                yield from self._flush(found.start())
                self._at = mark
                continue
            name = found.group(2).lower()
            mark = found.end()
            if name not in _BLOCK_TAGS:
                continue
            if self._table and self._table.cell is not None and name not in _TABLE_TAGS:
                continue  # inside a cell, which stays in one piece
            yield from self._flush(found.start())
            self._at = mark
            if name in _HIDDEN and not found.group(1):
                mark = self._hidden_end(name, mark, found.group(3))
                if "ld+json" in found.group(3):
                    yield from _structured_questions(self._text, found.end(), mark)
                elif self._at < mark:
                    yield from _block(self._text, found.start(), mark, Kind.BOILERPLATE, "HTML")
                self._at = mark
            elif found.group(1):
                yield from self._close(name, found.start())
            else:
                yield from self._enter(name, mark, found)
        yield from self._flush(self._end)
        yield from self._finish_row(self._end)

    def _hidden_end(self, name: str, at: int, attributes: str) -> int:
        """Where a hidden element ends; at its own tag if it is not closed."""
        if attributes.endswith("/") or name in self._unclosed:
            return at
        closed = self._text.find(f"</{name}", at, self._end)
        if closed < 0:
            self._unclosed.add(name)
            return at
        after = self._text.find(">", closed, self._end)
        return after + 1 if after >= 0 else self._end

    def _enter(self, name: str, at: int, tag: re.Match[str]) -> Iterator[Block]:
        closing = _CLOSES.get(name, ())
        while self._open and self._open[-1] in closing:
            yield from self._close(self._open[-1], tag.start())
        if name in ("ul", "ol"):
            self._numbers.append(int(name == "ol"))
        elif name == "li":
            self._fresh_item = True
        elif name == "table":
            self._table = _Table()
        elif name in ("td", "th") and self._table:
            self._table.cell, self._table.is_header_cell = at, name == "th"
            self._table.attributes = tag.group(3)
            self._add_taken()
        if name != "hr":
            self._open.append(name)
            self._counts[name] += 1
            if name in _TELLING:
                self._telling.append(name)

    def _close(self, name: str, at: int) -> Iterator[Block]:
        if name in ("td", "th"):
            self._finish_cell(at)
        elif name in ("tr", "table"):
            yield from self._finish_row(at)
        if name == "details":  # Markdown in it is parsed before this closing tag is
            yield Block(Kind.BOILERPLATE, at, at, reason=END_OF_ANSWER)
        if not self._counts[name]:
            return
        while self._open:
            closed = self._open.pop()
            self._counts[closed] -= 1
            if closed in _TELLING:
                self._telling.pop()
            if closed in ("ul", "ol"):
                self._numbers.pop()
            if closed == "table":
                self._table = None
            if closed == name:
                return

    def _finish_cell(self, at: int) -> None:
        table = self._table
        if table and table.cell is not None:
            column = len(table.cells)
            table.cells.append((trim_span(self._text, table.cell, at), table.is_header_cell))
            rows, columns = _ROWS.search(table.attributes), _COLUMNS.search(table.attributes)
            if rows:
                table.taken[column] = (*table.cells[-1], int(rows.group(1)) - 1)
            for _ in range(int(columns.group(1)) - 1 if columns else 0):
                table.cells.append(((at, at), table.is_header_cell))
            table.cell = None

    def _add_taken(self) -> None:
        """Adds the cells of rows above that reach into the next columns."""
        table = self._table
        while table and (found := table.taken.pop(len(table.cells), None)):
            span, is_header, rows = found
            if rows > 1:
                table.taken[len(table.cells)] = (span, is_header, rows - 1)
            if rows:
                table.cells.append((span, is_header))

    def _finish_row(self, at: int) -> Iterator[Block]:
        self._finish_cell(at)
        table = self._table
        if not table or not table.cells:
            return
        self._add_taken()
        cells, table.cells = table.cells, []
        heads = [is_header for _, is_header in cells]
        full = [span for span, _ in cells if table.row <= span[0] < span[1]]
        table.row, row = at, table.row
        if not full:
            return
        # An empty cell may lie before the first or behind the last full one.
        start, end = full[0][0], full[-1][1]
        spans = tuple(
            (a, b) if a < row else (min(max(a, start), end), max(min(b, end), start))
            for (a, b), _ in cells
        )
        first = not table.has_rows and not table.has_header
        is_header = all(heads) and first and len(spans) > 1
        table.has_header |= is_header
        table.has_rows = True
        labels = next((n for n, head in enumerate(heads) if not head), len(heads))
        kind = Kind.HEADER if is_header else Kind.ROW
        yield Block(kind, start, end, cells=spans, labels=max(1, labels))

    def _flush(self, end: int) -> Iterator[Block]:
        """The text since the last block tag, as what its element says it is."""
        if self._table and self._table.cell is not None:
            return
        start, end = trim_span(self._text, self._at, end)
        self._at = end
        words = self._text[start:end]
        if not _LETTER.search(_TEMPLATE.sub("", _TAG.sub("", words))):
            return
        yield self._classified(start, end)

    def _classified(self, start: int, end: int) -> Block:
        depth = min(len(self._numbers), _MAX_DEPTH)
        name = self._telling[-1] if self._telling else ""
        if heading := _HEADING.fullmatch(name):
            return Block(Kind.HEADING, start, end, level=int(heading.group(1)))
        if name in ("summary", "dt", "button", "legend"):
            return Block(Kind.HEADING, start, end, level=_LABEL_LEVEL)
        if name == "pre":
            return Block(Kind.CODE, start, end, level=depth)
        if name == "nav":
            return Block(Kind.BOILERPLATE, start, end, reason="navigation")
        if name == "li":
            number = 0
            if self._fresh_item and self._numbers and self._numbers[-1]:
                number = self._numbers[-1]
                self._numbers[-1] += 1
            self._fresh_item = False
            return Block(Kind.ITEM, start, end, level=max(1, depth), number=number)
        return Block(Kind.PARAGRAPH, start, end)


def _block(text: str, start: int, end: int, kind: Kind, reason: str = "") -> Iterator[Block]:
    begin, stop = trim_span(text, start, end)
    if begin < stop:
        yield Block(kind, begin, stop, reason=reason)


def _structured_questions(text: str, start: int, end: int) -> Iterator[Block]:
    """The questions with answers in JSON-LD: a "name" with a "text" behind it."""
    question: Span | None = None
    for found in _LD_TEXT.finditer(text, start, end):
        span = trim_span(text, *found.span(2))
        if found.group(1) == "name":
            question = span
        elif question and question[0] < question[1] and span[0] < span[1]:
            yield Block(Kind.QUESTION, *question, level=QUESTION_LEVEL)
            yield Block(Kind.ANSWER, *span, answers=True)
            yield Block(Kind.BOILERPLATE, span[1], span[1], reason=END_OF_ANSWER)
            question = None
