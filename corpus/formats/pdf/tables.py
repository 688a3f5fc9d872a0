"""Finds the tables of a page that are drawn with lines, and the pieces in each of their cells."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from corpus.formats.grids import Cell, Table, read_grid
from corpus.formats.pdf.pieces import Piece
from corpus.formats.pdf.rules import Rule
from corpus.formats.pdf.words import Join

# Points between lines that are meant to touch, or to be one.
_TOUCH = 3.0
# Points by which the lines of a table may move from page to page.
DRIFT = 15.0
# Points by which the shades of the lines of a cell may be narrower than it, on each side; and how
# many shapes of a page are looked at for them.
_MAX_INSET = 12.0
_MAX_SHAPES = 400
# More lines of a page than this are a drawing.
_MAX_LINES = 700
_MAX_CELLS = 6000
# Rows without lines between them are separated if most columns have so many lines of text, and
# half of them numbers.
_MIN_ALIGNED = 3
_NUMBER = re.compile(r"[^\W\d_]?[^A-Za-z]*\d[^A-Za-z]*|[-–—*]")
_MIN_WHOLE = 0.6  # at least that part of the columns
_MIN_PAIRED = 4  # columns with two lines each
_KEYS = 10_000  # more than a cell has lines
# A table whose cells hold more characters on average is a frame around text.
_MAX_CELL_CHARS = 400
# Lines are no borders of cells if more of the pieces cross them, or stand in no rectangle of them.
_MAX_CROSSING = 0.2

_Shape = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PlacedTable:
    """A table and where it stands; `page` is its number. `has_bold_header` is whether only its
    first row is bold; `edges` are the positions of its upright lines, if it has such lines."""

    table: Table
    x0: float
    top: float
    x1: float
    bottom: float
    page: int
    has_bold_header: bool = False
    edges: tuple[float, ...] = ()


@dataclass(slots=True)
class _Line:
    """A line of a table: its position across its direction, and where it starts and ends."""

    at: float
    start: float
    end: float


def ruled_tables(
    rules: Sequence[Rule], pieces: Sequence[Piece], join: Join, above: PlacedTable | None = None
) -> tuple[list[PlacedTable], list[Piece]]:
    """Returns the tables, and the pieces in none of them. The first may be the rest of the one
    `above`, at the end of the last page."""
    across, upright = _lines(_without_shades(rules))
    left = list(pieces)
    tables: list[PlacedTable] = []
    if len(across) + len(upright) > _MAX_LINES:
        return tables, left
    for grid in _grids(across, upright):
        inside = [piece for piece in left if grid.holds(piece)]
        is_first = not any(piece.middle < grid.rows[0] for piece in left)
        is_rest = above is not None and is_first and grid.continues(above)
        table = grid.read(inside, join, is_rest=is_rest)
        if table:
            taken = set(map(id, inside))
            left = [piece for piece in left if id(piece) not in taken]
            columns, rows = grid.columns, grid.rows
            place = (columns[0], rows[0], columns[-1], rows[-1], inside[0].page)
            bold = has_bold_header(inside)
            tables.append(PlacedTable(table, *place, bold, tuple(grid.columns)))
    return tables, left


def _without_shades(rules: Sequence[Rule]) -> list[Rule]:
    """The rules without the sides of shapes that are a little narrower than one around them: these
    are the shades of lines of text in a cell."""
    shapes = {rule.shape for rule in rules if rule.shape}
    if len(shapes) > _MAX_SHAPES:
        return list(rules)
    inset = {shape for shape in shapes if any(_is_inset(shape, other) for other in shapes)}
    return [rule for rule in rules if rule.shape not in inset]


def _is_inset(shape: _Shape, other: _Shape) -> bool:
    left, right = shape[0] - other[0], other[2] - shape[2]
    is_between = shape[1] >= other[1] - 1 and shape[3] <= other[3] + 1
    return is_between and 1 < left <= _MAX_INSET and 1 < right <= _MAX_INSET


def has_bold_header(pieces: Sequence[Piece]) -> bool:
    """Whether the first line of a table is bold, and the last is not."""
    top = min(piece.middle for piece in pieces)
    bottom = max(piece.middle for piece in pieces)
    first = [piece for piece in pieces if piece.middle - top < 0.5 * piece.size]
    last = [piece for piece in pieces if bottom - piece.middle < 0.5 * piece.size]
    return all(piece.is_bold for piece in first) and not all(piece.is_bold for piece in last)


def _lines(rules: Iterable[Rule]) -> tuple[list[_Line], list[_Line]]:
    """The lines that run across and those that stand upright; those that continue each other are
    one."""
    across, upright = [], []
    for rule in rules:
        if rule.is_vertical:
            upright.append(_Line((rule.x0 + rule.x1) / 2, rule.top, rule.bottom))
        else:
            across.append(_Line((rule.top + rule.bottom) / 2, rule.x0, rule.x1))
    return _merged(across), _merged(upright)


def _merged(lines: list[_Line]) -> list[_Line]:
    groups: list[list[_Line]] = []
    for line in sorted(lines, key=lambda each: each.at):
        if groups and line.at - groups[-1][0].at <= _TOUCH:
            groups[-1].append(line)
        else:
            groups.append([line])
    merged: list[_Line] = []
    for group in groups:
        current: _Line | None = None
        for line in sorted(group, key=lambda each: each.start):
            if current and line.start <= current.end + _TOUCH:
                current.end = max(current.end, line.end)
            else:
                current = _Line(group[0].at, line.start, line.end)
                merged.append(current)
    return [line for line in merged if line.end - line.start > _TOUCH]


def _grids(across: list[_Line], upright: list[_Line]) -> Iterator["_Grid"]:
    """The groups of lines that touch each other, if they make cells."""
    lines = [*across, *upright]
    parents = list(range(len(lines)))
    for i, one in enumerate(across):
        for j, other in enumerate(upright, start=len(across)):
            if (
                one.start - _TOUCH <= other.at <= one.end + _TOUCH
                and other.start - _TOUCH <= one.at <= other.end + _TOUCH
            ):
                _unite(parents, i, j)
    members: dict[int, tuple[list[_Line], list[_Line]]] = {}
    for at, line in enumerate(lines):
        members.setdefault(_root(parents, at), ([], []))[at >= len(across)].append(line)
    for part_across, part_upright in members.values():
        columns = _positions(part_upright, part_across)
        rows = _positions(part_across, part_upright)
        if len(columns) > 2 and len(rows) > 1 and len(columns) * len(rows) <= _MAX_CELLS:
            yield _Grid(columns, rows, part_across, part_upright)


def _positions(lines: Sequence[_Line], crossing: Sequence[_Line]) -> list[float]:
    """The distinct positions of the lines, and of the ends of those that cross them: a table may
    be open at its sides."""
    found = [line.at for line in lines]
    if lines and crossing:
        found += [min(line.start for line in crossing), max(line.end for line in crossing)]
    distinct: list[float] = []
    for at in sorted(found):
        if not distinct or at - distinct[-1] > _TOUCH:
            distinct.append(at)
    return distinct


@dataclass(frozen=True)
class _Grid:
    """The positions of the lines between columns and rows, and the lines."""

    columns: list[float]
    rows: list[float]
    across: list[_Line]
    upright: list[_Line]

    def holds(self, piece: Piece) -> bool:
        """Whether the piece stands in the grid."""
        center = (piece.x0 + piece.x1) / 2
        return (
            self.columns[0] - _TOUCH <= center <= self.columns[-1] + _TOUCH
            and self.rows[0] - _TOUCH <= piece.middle <= self.rows[-1] + _TOUCH
        )

    def continues(self, above: PlacedTable) -> bool:
        """Whether the grid has the columns of the table on the page before, whose cells are all
        its own."""
        width = len(self.columns) - 1
        return (
            len(above.edges) - 1 == width == len(above.table.rows[0])
            and max(abs(a - b) for a, b in zip(above.edges, self.columns, strict=True)) <= DRIFT
        )

    def read(self, inside: Sequence[Piece], join: Join, *, is_rest: bool = False) -> Table | None:
        """Returns the table, None if the grid is only a frame around text. The rest of a table may
        be a single row."""
        keys = self._keys()
        width = len(self.columns) - 1
        texts: dict[int, list[Piece]] = {}
        crossing = 0
        for piece in inside:
            row = _index(self.rows, piece.middle)
            column = _index(self.columns, (piece.x0 + piece.x1) / 2)
            key = keys[row * width + column]
            texts.setdefault(key, []).append(piece)
            ends = (_index(self.columns, piece.x0 + 4), _index(self.columns, piece.x1 - 4))
            crossing += any(keys[row * width + end] != key for end in ends)
        odd = sum(len(texts[key]) for key in texts.keys() & self._odd_keys(keys))
        if max(crossing, odd) > _MAX_CROSSING * len(inside):
            return None
        if len(texts) < (1 if is_rest else 3) or sum(
            len(p.text) for p in inside
        ) > _MAX_CELL_CHARS * len(texts):
            return None
        grid: list[list[Cell]] = []
        for row in range(len(self.rows) - 1):
            found = keys[row * width : (row + 1) * width]
            grid.extend(_split_row(found, texts, join))
        several = [row for row in grid if len({cell.key for cell in row if cell.text}) > 1]
        table = read_grid(grid)
        if is_rest:
            rows = [tuple(cell.text for cell in row) for row in grid]
            is_alike = table.rows and len(table.rows[0]) == width
            return Table(table.rows if is_alike else tuple(row for row in rows if any(row)))
        is_table = len(several) > 1 and len(table.rows) > 1 and len(table.rows[0]) > 1
        return table if is_table else None

    def _odd_keys(self, keys: Sequence[int]) -> set[int]:
        """The keys whose positions make no rectangle."""
        width = len(self.columns) - 1
        places: dict[int, list[tuple[int, int]]] = {}
        for at, key in enumerate(keys):
            places.setdefault(key, []).append(divmod(at, width))
        odd = set()
        for key, found in places.items():
            rows = {row for row, _ in found}
            columns = {column for _, column in found}
            if len(found) != len(rows) * len(columns):
                odd.add(key)
        return odd

    def _keys(self) -> list[int]:
        """For each position of the grid, row by row, a number that positions without a line
        between them share."""
        width, height = len(self.columns) - 1, len(self.rows) - 1
        parents = list(range(width * height))
        for row in range(height):
            middle = (self.rows[row] + self.rows[row + 1]) / 2
            walls = [line.at for line in self.upright if line.start <= middle <= line.end]
            for column in range(1, width):
                if not _is_near(walls, self.columns[column]):
                    _unite(parents, row * width + column, row * width + column - 1)
        for column in range(width):
            middle = (self.columns[column] + self.columns[column + 1]) / 2
            walls = [line.at for line in self.across if line.start <= middle <= line.end]
            for row in range(1, height):
                if not _is_near(walls, self.rows[row]):
                    _unite(parents, row * width + column, (row - 1) * width + column)
        return [_root(parents, at) for at in range(len(parents))]


def _root(parents: list[int], at: int) -> int:
    while parents[at] != at:
        parents[at] = parents[parents[at]]
        at = parents[at]
    return at


def _unite(parents: list[int], one: int, other: int) -> None:
    one, other = _root(parents, one), _root(parents, other)
    parents[max(one, other)] = min(one, other)


def _is_near(values: Iterable[float], wanted: float) -> bool:
    return any(abs(value - wanted) <= _TOUCH for value in values)


def _index(edges: Sequence[float], at: float) -> int:
    return min(max(bisect_right(edges, at) - 1, 0), len(edges) - 2)


def _split_row(
    keys: Sequence[int], texts: dict[int, list[Piece]], join: Join
) -> Iterator[list[Cell]]:
    """The row of cells; several if it has no lines between its rows of numbers. Rows of words may
    be the lines of one cell."""
    columns = {key: _baselines(texts.get(key, [])) for key in dict.fromkeys(keys)}
    rows = _baselines([piece for lines in columns.values() for line in lines for piece in line])
    full = [lines for lines in columns.values() if lines]
    whole = sum(len(lines) == len(rows) for lines in full)
    numeric = sum(
        all(_NUMBER.fullmatch(piece.text) for line in lines for piece in line) for lines in full
    )
    is_aligned = len(rows) >= _MIN_ALIGNED and whole >= max(2, _MIN_WHOLE * len(full))
    is_paired = len(rows) == 2 and whole == len(full) >= _MIN_PAIRED
    if (is_aligned or is_paired) and 2 * numeric >= len(full):
        key_of = {id(p): key for key, lines in columns.items() for line in lines for p in line}
        for at, row in enumerate(rows):
            cells: dict[int, list[str]] = {}
            for piece in row:
                cells.setdefault(key_of[id(piece)], []).append(piece.text)
            yield [Cell(key * _KEYS + at, join(cells.get(key, []))) for key in keys]
        return
    yield [
        Cell(key * _KEYS, join(piece.text for line in columns[key] for piece in line))
        for key in keys
    ]


def _baselines(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """The pieces of a cell, line by line."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda each: (each.middle, each.x0)):
        if lines and piece.middle - lines[-1][0].middle < 0.5 * max(piece.size, 1):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line, key=lambda each: each.x0) for line in lines]
