"""Joins the lines of a PDF to blocks: paragraphs, items and code, across columns and pages.

Lines belong together if they have the same font, stand close, and if the first word of the second
would not have fitted on the first.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise

from corpus.formats.pdf.continued import continued, continues
from corpus.formats.pdf.layout import Element, Line
from corpus.formats.pdf.marks import Mark, MarkReader
from corpus.formats.pdf.pieces import Piece
from corpus.formats.pdf.tables import PlacedTable
from corpus.formats.pdf.words import END, OPEN_END, Join

# Sizes that differ by less are the same.
_SAME_SIZE = 0.07
# What is so much smaller than the text is a note or a caption.
_NOTE_SIZE = 0.93
# Lines of a paragraph stand closer than this many times the usual distance.
_MAX_LEADING = 1.25
# The same behind a line that is full and ends in the middle of a sentence, in font sizes.
_MAX_OPEN_LEADING = 2.3
_DEFAULT_LEADING = 1.25  # in font sizes
# Font sizes by which the first line of a paragraph is indented, at least.
_INDENT = 0.7
_MAX_CODE_LEADING = 3.0  # between lines of code, in font sizes: one may be empty
# A word in capitals with a colon starts a paragraph, and so does "Step 3:".
_LABEL = re.compile(r"(?:[A-ZÀ-Þ][A-ZÀ-Þ ]{2,40}|[A-ZÀ-Þ][^\W\d_]{2,20} \d{1,2}):\s")
# An address is often printed like code.
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
# Lines to be filled in.
_FILL = re.compile(r"(?:[_.·…]\s?){4,}")


class Form(Enum):
    """What a block is."""

    TEXT = auto()
    ITEM = auto()
    CODE = auto()
    TABLE = auto()


@dataclass(slots=True)
class TextBlock:
    """Lines that belong together, or a table. `number` is that of a step."""

    form: Form
    lines: list[Line] = field(default_factory=list)
    table: PlacedTable | None = None
    number: int | None = None
    mark: str = ""  # of an item
    text: str = ""
    space: float = 0.0  # above it, in font sizes

    @property
    def first(self) -> Piece:
        """The piece of the first line."""
        return self.lines[0].piece

    @property
    def page(self) -> int:
        """The number of the page on which the block starts."""
        return self.table.page if self.table else self.first.page

    @property
    def size(self) -> float:
        """The font size of most of its characters."""
        sizes = Counter[float]()
        for line in self.lines:
            sizes[line.piece.size] += len(line.piece.text)
        return max(sizes, key=lambda size: (sizes[size], size), default=0.0)

    @property
    def is_bold(self) -> bool:
        """Whether all of it is bold."""
        return bool(self.lines) and all(line.piece.is_bold for line in self.lines)


@dataclass(frozen=True, slots=True)
class Look:
    """What is usual in a document: the size of its text, the distance between two of its lines in
    font sizes, and whether it is printed in a font with letters of one width."""

    size: float
    leading: float = _DEFAULT_LEADING
    is_mono: bool = False


def usual_look(pages: Iterable[Sequence[Piece]]) -> Look:
    """Returns what is usual among the pieces."""
    sizes, leadings, mono = Counter[float](), Counter[float](), 0
    for page in pages:
        for piece in page:
            sizes[piece.size] += len(piece.text)
            mono += len(piece.text) * piece.is_mono
        for one, other in pairwise(page):
            distance = (other.middle - one.middle) / max(one.size, 1.0)
            if 0.9 < distance < 2.2 and one.size == other.size:
                leadings[round(distance * 20) / 20] += 1
    if not sizes:
        return Look(0.0)
    size = max(sizes, key=lambda each: (sizes[each], each))
    leading = max(leadings, key=lambda each: (leadings[each], -each), default=_DEFAULT_LEADING)
    return Look(size, leading, 2 * mono > sum(sizes.values()))


class BlockBuilder:
    """Collects the lines and tables of a document in reading order."""

    def __init__(self, look: Look, join: Join) -> None:
        self._look = look
        self._join = join
        self._blocks: list[TextBlock] = []
        self._open: TextBlock | None = None
        self._last: Line | None = None  # of the open block
        self._region = (0, 0.0, 0.0)  # page, and left and right of the column
        self._marks = MarkReader()
        self._page = 0  # of what was added last

    def add(self, element: Element) -> None:
        """Adds what is read next."""
        if isinstance(element, PlacedTable):
            self._add_table(element)
            self._last, self._page = None, element.page
            return
        region = (element.piece.page, element.left, element.right)
        last = self._last if region == self._region else None
        after_item = bool(self._blocks) and self._blocks[-1].form is Form.ITEM
        mark = self._marks.read(element.piece, after_item=after_item)
        if mark and last and mark.counts and self._is_within_sentence(element.piece, mark, last):
            mark = None
        block = None
        if not mark and last and self._open and self._continues(self._open, element, last):
            block = self._open
        elif not mark and not last:
            block = self._interrupted(element)
        if block:
            block.lines.append(element)
        else:
            block = self._started(element, mark, last)
            self._blocks.append(block)
        self._open, self._last, self._region = block, element, region
        self._page = element.piece.page

    def _started(self, line: Line, mark: Mark | None, last: Line | None) -> TextBlock:
        piece = line.piece
        space = piece.middle - last.piece.middle if last else 0.0
        space /= max(piece.size, 1.0)
        if mark:
            self._marks.count(mark)
            return TextBlock(Form.ITEM, [line], None, mark.number, mark.left_out, space=space)
        form = Form.CODE if self._is_code(piece) else Form.TEXT
        return TextBlock(form, [line], space=space)

    def open_table(self, page: int) -> PlacedTable | None:
        """Returns the table at the end of the page before this one, if only notes follow it."""
        block = self._last_table(page)
        return block.table if block else None

    def _last_table(self, page: int) -> TextBlock | None:
        body = (block for block in reversed(self._blocks) if not self._is_aside(block))
        block = next(body, None)
        is_above = block is not None and block.page == page - 1 and self._page != page
        return block if is_above and block and block.table else None

    def _add_table(self, table: PlacedTable) -> None:
        """Adds a table. If it continues the last one, a row that the page divides is whole there,
        and the other rows get its column headings."""
        rest: PlacedTable | None = table
        block = self._last_table(table.page)
        if block and block.table and continues(block.table, table):
            block.table, rest = continued(block.table, table, self._join)
        if rest:
            self._blocks.append(TextBlock(Form.TABLE, table=rest))

    def _is_aside(self, block: TextBlock) -> bool:
        return bool(block.lines) and all(self._is_note(line.piece) for line in block.lines)

    def blocks(self) -> list[TextBlock]:
        """Returns the blocks with their texts."""
        for block in self._blocks:
            if block.form is Form.CODE:
                block.text = _code(block.lines)
            elif block.lines:
                text = self._join(line.piece.text for line in block.lines)
                text = text[len(block.mark) :].lstrip() if block.mark else text
                block.text = _FILL.sub("… ", text)
        return self._blocks

    def _is_within_sentence(self, piece: Piece, mark: Mark, last: Line) -> bool:
        """Whether the number at the start of a line belongs to the sentence of the paragraph
        above it: "at most one | (1) time"."""
        is_text = self._open is not None and self._open.form is Form.TEXT
        starts = piece.text[len(mark.text) :][:1]
        is_open = not END.search(last.piece.text) and starts.islower()
        return is_text and is_open and not _would_have_fitted(last, piece)

    def _is_code(self, piece: Piece) -> bool:
        is_address = _ADDRESS.fullmatch(piece.text)
        return piece.is_mono and not self._look.is_mono and not is_address

    def _is_note(self, piece: Piece) -> bool:
        return piece.is_turned or piece.size < _NOTE_SIZE * self._look.size

    def _continues(self, block: TextBlock, line: Line, last: Line) -> bool:
        """Whether the line, below the last one in its column, belongs to the block."""
        above, piece = last.piece, line.piece
        is_code = self._is_code(piece)
        if is_code or block.form is Form.CODE:
            distance = (piece.middle - above.middle) / max(piece.size, 1.0)
            return is_code and block.form is Form.CODE and distance <= _MAX_CODE_LEADING
        flows = _flows(above, piece)
        if not self._looks_alike(line, last, flows=flows):
            return False
        if block.form is Form.ITEM:
            return self._continues_item(block, line, last, flows=flows)
        if flows or _would_have_fitted(last, piece):
            return flows
        is_first = len(block.lines) == 1
        most = 4 if is_first else _INDENT
        return piece.x0 - above.x0 <= most * piece.size

    def _looks_alike(self, line: Line, last: Line, *, flows: bool) -> bool:
        """Whether the line is printed as the last one is, and stands close to it."""
        above, piece = last.piece, line.piece
        limit = max(_MAX_LEADING * self._look.leading, 1.3)
        if not END.search(above.text) and above.x1 >= last.right - above.size:
            limit = max(limit, _MAX_OPEN_LEADING)
        return (
            piece.middle - above.middle <= limit * max(piece.size, 1.0)
            and abs(piece.size - above.size) <= _SAME_SIZE * piece.size
            and (piece.is_bold == above.is_bold or flows)
            and not (piece.is_turned or above.is_turned or _LABEL.match(piece.text))
        )

    def _continues_item(self, block: TextBlock, line: Line, last: Line, *, flows: bool) -> bool:
        """Whether the line belongs to an item: it stands below its text, not below its mark."""
        piece, first = line.piece, block.first
        hangs = first.indent - first.x0  # 0 if the mark and the text are one word
        is_below = not hangs or piece.x0 > first.x0 + 0.5 * hangs
        if is_below and piece.x0 < first.indent + 3 * piece.size:
            return flows or not _would_have_fitted(last, piece, slack=2.0)
        ends = END.search(last.piece.text) or _would_have_fitted(last, piece)
        return flows or not ends

    def _interrupted(self, line: Line) -> TextBlock | None:
        """The block that goes on with the first line of a column or page: the last one that is no
        note, if its sentence has not ended."""
        piece = line.piece
        if self._is_note(piece) or self._is_code(piece):
            return None
        for block in reversed(self._blocks[-8:]):
            if block.form in (Form.TABLE, Form.CODE):
                return None
            last = block.lines[-1].piece
            if self._is_note(last):
                continue
            is_alike = (
                abs(last.size - piece.size) <= _SAME_SIZE * piece.size
                and last.is_bold == piece.is_bold
                and last.page in (piece.page, piece.page - 1)
            )
            if not is_alike or END.search(last.text):
                return None
            is_below = last.page == piece.page and piece.top > last.bottom
            is_full = not is_below and last.x1 >= block.lines[-1].right - 2 * last.size
            goes_on = piece.text[:1].islower() or last.text.endswith("-")
            return block if goes_on or (is_full and not last.is_bold) else None
        return None


def _flows(above: Piece, piece: Piece) -> bool:
    """Whether the words say that the sentence of the line above goes on."""
    if END.search(above.text):
        return False
    return piece.text[:1].islower() or bool(OPEN_END.search(above.text))


def _would_have_fitted(above: Line, piece: Piece, slack: float = 1.2) -> bool:
    """Whether the first word of the piece would have had room on the line above it."""
    width = (piece.x1 - piece.x0) / max(len(piece.text), 1)
    word = len(piece.text.split(" ", 1)[0]) + 1
    return above.right - above.piece.x1 > slack * word * width + 0.5 * piece.size


def _code(lines: Sequence[Line]) -> str:
    """Lines of code with their indents."""
    left = min(line.piece.x0 for line in lines)
    return "\n".join(_indented(line.piece, left) for line in lines)


def _indented(piece: Piece, left: float) -> str:
    width = (piece.x1 - piece.x0) / max(len(piece.text), 1) or 1.0
    return " " * min(round((piece.x0 - left) / width), 40) + piece.text


def depths(blocks: Iterable[TextBlock]) -> Iterator[int]:
    """Yields the depth of each item among the blocks, 0 for the others: an item that stands
    further to the right than the one above it is inside it, unless it is in the next column."""
    open_at: list[float] = []
    last: Piece | None = None
    for block in blocks:
        if last and block.lines and block.page == last.page and block.first.top < last.top:
            open_at = []
        last = block.first if block.lines else None
        if block.form is not Form.ITEM:
            open_at = (
                open_at
                if block.form is Form.TEXT
                and open_at
                and (block.first.x0 > open_at[-1] + _INDENT * block.first.size)
                else []
            )
            yield 0
            continue
        at, near = block.first.x0, _INDENT * block.first.size
        while open_at and open_at[-1] > at + near:
            open_at.pop()
        if not open_at or at > open_at[-1] + near:
            open_at.append(at)
        yield len(open_at)
