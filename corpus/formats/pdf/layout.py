"""Puts the pieces of a page in the order in which they are read: column by column, and in each line
by line. Pieces that stand side by side in several lines and are no columns of text are a table.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from corpus.formats.pdf.pieces import Piece
from corpus.formats.pdf.tables import PlacedTable
from corpus.formats.pdf.unruled import unruled_tables
from corpus.formats.pdf.words import Join

# The space between two columns, in font sizes.
_MIN_GUTTER = 0.9
# Lines that stand beside each other, and lines of each column, from which on they are columns.
_MIN_PAIRS = 4
_MIN_LINES = 3
# Sides with as many lines are columns if their lines are not at the same heights.
_MIN_LONG = 6
# A line of a column fills that much of its width, and has that many characters.
_FILLED = 0.6
_MIN_CHARS = 18
_BULLET = re.compile(r"[•◦▪▫●○■□▶►‣⁃∙·]\s")
# The space above headings of sections that stand beside each other, in heights of a line.
_SECTION_SPACE = 0.8
# Boxes that cross a gutter by less than that many points do not cross it.
_SLACK = 2.0
_MAX_DEPTH = 8
# More pieces of a page are read in the order of the file.
_MAX_PIECES = 4000

Box = Piece | PlacedTable


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, and from where to where its column reaches."""

    piece: Piece
    left: float
    right: float


Element = Line | PlacedTable


def reading_order(
    pieces: Sequence[Piece], tables: Sequence[PlacedTable], join: Join
) -> Iterator[Element]:
    """Yields the lines and tables of a page in reading order."""
    upright = [piece for piece in pieces if not piece.is_turned]
    if len(pieces) > _MAX_PIECES:
        yield from (Line(piece, piece.x0, piece.x1) for piece in upright)
        yield from tables
    else:
        for region in _regions([*upright, *tables], 0):
            if region:
                yield from _lines(region, join)
    yield from (Line(piece, piece.x0, piece.x1) for piece in pieces if piece.is_turned)


def _regions(boxes: list[Box], depth: int) -> Iterator[list[Box]]:
    """Divides the boxes into regions of one column, in reading order."""
    gutter = _gutter(boxes) if depth < _MAX_DEPTH else None
    if gutter is None:
        yield boxes
        return
    ordered = sorted(boxes, key=_middle)
    plain: list[Box] = []
    band: list[Box] = []
    for box in [*ordered, None]:
        if box is not None and not _crosses(box, gutter):
            band.append(box)
            continue
        for part in _parts(band):
            left = [each for each in part if each.x1 <= gutter + _SLACK]
            right = [each for each in part if each.x1 > gutter + _SLACK]
            if _are_columns(left, right):
                if plain:
                    yield from _regions(plain, depth + 1)
                plain = []
                yield from _regions(left, depth + 1)
                yield from _regions(right, depth + 1)
            else:
                plain.extend(part)
        band = []
        if box is not None:
            plain.append(box)
    if len(plain) == len(boxes):
        yield plain
    elif plain:
        yield from _regions(plain, depth + 1)


def _parts(band: Sequence[Box]) -> Iterator[list[Box]]:
    """Divides what stands on both sides of a gutter above headings that stand beside each other."""
    part: list[Box] = []
    bottom = 0.0
    beside = Counter(round(b.middle) for b in band if isinstance(b, Piece) and b.is_bold)
    for box in band:
        starts = isinstance(box, Piece) and box.is_bold and beside[round(box.middle)] > 1
        if part and starts and box.top - bottom > _SECTION_SPACE * (box.bottom - box.top):
            yield part
            part = []
        part.append(box)
        bottom = max(bottom, box.bottom)
    if part:
        yield part


def _middle(box: Box) -> float:
    return (box.top + box.bottom) / 2


def _crosses(box: Box, gutter: float) -> bool:
    return box.x0 < gutter - _SLACK and box.x1 > gutter + _SLACK


def _gutter(boxes: Iterable[Box]) -> float | None:
    """The position that most gaps between neighbouring pieces share."""
    edges: list[tuple[float, int]] = []
    for gap in _gaps([box for box in boxes if isinstance(box, Piece)]):
        edges += [(gap[0], 1), (gap[1], -1)]
    best, count, found = 0, 0, 0.0
    edges.sort()
    for (at, change), (following, _) in pairwise(edges):
        count += change
        if count > best:
            best, found = count, (at + following) / 2
    return found if best >= _MIN_PAIRS else None


def _gaps(pieces: list[Piece]) -> Iterator[tuple[float, float]]:
    """The gap between each piece and the next one to its right."""
    ordered = sorted(pieces, key=lambda piece: piece.top)
    for at, piece in enumerate(ordered):
        nearest: float | None = None
        for step in (1, -1):
            near = at + step
            # The window bounds the work where hundreds of pieces start at one height.
            while 0 <= near < len(ordered) and abs(near - at) < 100:
                other = ordered[near]
                if abs(other.top - piece.top) > 2 * (piece.bottom - piece.top):
                    break
                shared = min(piece.bottom, other.bottom) - max(piece.top, other.top)
                if other.x0 >= piece.x1 and shared > 0.3 * (piece.bottom - piece.top):
                    nearest = min(nearest, other.x0) if nearest is not None else other.x0
                near += step
        if nearest is not None and nearest - piece.x1 > _MIN_GUTTER * piece.size:
            yield piece.x1, nearest


def _are_columns(left: Sequence[Box], right: Sequence[Box]) -> bool:
    """Whether the boxes are two columns of text rather than the cells of a table. A file has a
    column after the other, and a table row by row."""
    sides = [[box for box in side if isinstance(box, Piece)] for side in (left, right)]
    if min(map(len, sides)) < _MIN_LINES:
        return False
    order = sorted([*((p.order, 0) for p in sides[0]), *((p.order, 1) for p in sides[1])])
    switches = sum(one[1] != other[1] for one, other in pairwise(order))
    prose = [_is_prose(side) for side in sides]
    is_table = _are_aligned(*sides)
    if switches <= 2 + len(order) // 20:
        return any(prose) or all(map(_is_list, sides)) or not is_table
    spaces = _shared_spaces(*sides)
    if is_table or min(map(len, sides)) < _MIN_LONG:
        return all(prose) and spaces < max(2, len(sides[0]) / 8)
    return spaces < max(2, min(map(len, sides)) / 3)


def _is_prose(pieces: Sequence[Piece]) -> bool:
    width = max(piece.x1 for piece in pieces) - min(piece.x0 for piece in pieces)
    full = [
        piece
        for piece in pieces
        if piece.x1 - piece.x0 >= _FILLED * width and len(piece.text) >= _MIN_CHARS
    ]
    return len(full) >= 0.4 * len(pieces)


def _is_list(pieces: Sequence[Piece]) -> bool:
    return 2 * sum(bool(_BULLET.match(piece.text)) for piece in pieces) > len(pieces)


def _are_aligned(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Whether most lines of the shorter side have a line beside them at the same height."""
    fewer, more = sorted((left, right), key=len)
    middles = sorted(piece.middle for piece in more)
    beside = [p for p in fewer if any(abs(p.middle - m) < 0.15 * max(p.size, 1) for m in middles)]
    return len(beside) >= 0.7 * len(fewer)


def _shared_spaces(left: Sequence[Piece], right: Sequence[Piece]) -> int:
    """How many wide spaces run across both sides, as between the rows of a table."""
    ordered = sorted([*left, *right], key=lambda piece: piece.top)
    spaces, bottom = 0, ordered[0].bottom
    for piece in ordered[1:]:
        spaces += piece.top - bottom > 0.4 * piece.size
        bottom = max(bottom, piece.bottom)
    return spaces


def _lines(region: Sequence[Box], join: Join) -> Iterator[Element]:
    """The lines and tables of a region of one column, from top to bottom."""
    rows = _rows(region)
    left = min(box.x0 for box in region)
    right = max(box.x1 for box in region)
    for row in unruled_tables(rows, join):
        if isinstance(row, PlacedTable):
            yield row
        else:
            yield Line(_united(row), left, right)


def _rows(region: Sequence[Box]) -> list[list[Piece] | PlacedTable]:
    rows: list[list[Piece] | PlacedTable] = []
    for box in sorted(region, key=lambda each: (_middle(each), each.x0)):
        last = rows[-1] if rows else None
        if isinstance(box, PlacedTable):
            rows.append(box)
        elif isinstance(last, list) and box.middle - last[0].middle < 0.4 * max(box.size, 1):
            last.append(box)
        else:
            rows.append([box])
    return [sorted(row, key=lambda p: p.x0) if isinstance(row, list) else row for row in rows]


def _united(row: Sequence[Piece]) -> Piece:
    if len(row) == 1:
        return row[0]
    longest = max(row, key=lambda piece: len(piece.text))
    return replace(
        row[0],
        text=" ".join(piece.text for piece in row),
        x1=max(piece.x1 for piece in row),
        bottom=max(piece.bottom for piece in row),
        size=longest.size,
        is_bold=all(piece.is_bold for piece in row),
        is_mono=all(piece.is_mono for piece in row),
    )
