"""Finds tables that only the alignment of their cells shows, among the rows of a region."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from corpus.formats.grids import Cell, read_grid
from corpus.formats.pdf.pieces import Piece
from corpus.formats.pdf.tables import PlacedTable, has_bold_header
from corpus.formats.pdf.words import Join

Row = list[Piece]
# Rows with several cells, from which on they are a table.
_MIN_ROWS = 3
_MIN_WIDE = 4  # cells in each of two rows that are a table
_MAX_COLUMNS = 30
_MAX_ROWS = 150  # of one table; a longer one is several
# Between the rows of a table is so much more space than between the lines of their cells.
_ROW_SPACE = 1.15
_ALIGNED = 3.0  # points between the sides of cells below each other
_DEFAULT_LEADING = 1.2  # in font sizes
_MAX_LINES = 60  # of one row
_MAX_CELL_CHARS = 400  # on average; longer ones are columns of text
# A row below another is the second line of its cells if it stands closer, in font sizes between
# their middles.
_NEXT_LINE = 1.45
# What stands before a question or an answer: "Q12:".
_QUESTION_MARK = re.compile(r"[QA]\d{0,3}[.:)]?")
# Space between two rows of one table, in font sizes.
_MAX_SPACE = 3.0


def unruled_tables(rows: Sequence[Row | PlacedTable], join: Join) -> Iterator[Row | PlacedTable]:
    """Yields the rows, and a table instead of those that are one."""
    at = 0
    leading = _leading(rows)
    while at < len(rows):
        groups, columns = _spaced_groups(rows, at, leading)
        end = at + sum(map(len, groups))
        table = _spaced_table(groups, columns, join)
        if table is None:
            end, columns = _extent(rows, at)
            table = _table([row for row in rows[at:end] if isinstance(row, list)], columns, join)
        if table:
            yield table
            at = end
        else:
            yield rows[at]
            at += 1


def _leading(rows: Sequence[Row | PlacedTable]) -> float:
    """The usual distance between the lines of a paragraph or of a cell, in font sizes."""
    counts = Counter[float]()
    for one, other in pairwise(rows):
        if isinstance(one, list) and isinstance(other, list):
            pitch = (other[0].middle - one[0].middle) / max(other[0].size, 1)
            if 1 <= pitch <= _NEXT_LINE:
                counts[round(pitch, 1)] += 1
    return max(counts, key=lambda each: (counts[each], -each), default=_DEFAULT_LEADING)


def _is_spaced(row: Row, last: Row, leading: float) -> bool:
    """Whether more space is above a row than between the lines of a cell."""
    return row[0].middle - last[0].middle > _ROW_SPACE * leading * max(row[0].size, 1)


def _group(rows: Sequence[Row | PlacedTable], at: int, leading: float) -> list[Row]:
    """The lines from this one on between which there is no space."""
    group: list[Row] = []
    for number in range(at, min(len(rows), at + _MAX_LINES)):
        line = rows[number]
        if not isinstance(line, list) or (group and _is_spaced(line, group[-1], leading)):
            break
        group.append(line)
    return group


def _spaced_groups(
    rows: Sequence[Row | PlacedTable], at: int, leading: float
) -> tuple[list[list[Row]], list[tuple[float, float]]]:
    """The rows of a table with space between its rows, if it starts with this line, each with its
    lines; and its columns, several of which have text in each row."""
    groups: list[list[Row]] = []
    columns: list[tuple[float, float]] = []
    while len(groups) < _MAX_ROWS and (group := _group(rows, at, leading)):
        pieces = [piece for line in group for piece in line]
        merged = _with_row(columns, pieces)
        is_far = groups and not _is_below(group[0], groups[-1][-1])
        if is_far or len(_with_row([], pieces)) < 2 or len(merged) < len(columns):
            break
        groups.append(group)
        columns = merged
        at += len(group)
    return groups, columns


def _is_below(row: Row, last: Row) -> bool:
    """Whether a row is near enough to the last one to belong to the same table."""
    return row[0].middle - last[0].middle <= _MAX_SPACE * max(row[0].size, 1)


def _spaced_table(
    groups: Sequence[Sequence[Row]], columns: list[tuple[float, float]], join: Join
) -> PlacedTable | None:
    """The table whose rows are the groups; None if all have one line, or they are no table."""
    if len(columns) < 2 or len(groups) < (2 if len(columns) > 2 else _MIN_ROWS):
        return None
    rows = [[piece for line in group for piece in line] for group in groups]
    chars = sum(len(piece.text) for row in rows for piece in row)
    if len(rows) == sum(map(len, groups)) or chars > _MAX_CELL_CHARS * len(rows) * len(columns):
        return None
    placed = _placed(rows, columns, join)
    labelled = sum(len(group) > 1 and _look(group[0]) != _look(group[1]) for group in groups)
    if placed and 2 * labelled > len(groups):  # each cell has a label above its text
        return replace(placed, table=replace(placed.table, has_header=False))
    return placed


def _look(line: Row) -> tuple[float, bool]:
    return line[0].size, line[0].is_bold


def _extent(rows: Sequence[Row | PlacedTable], at: int) -> tuple[int, list[tuple[float, float]]]:
    """Where the table that starts with the row would end, and its columns."""
    columns: list[tuple[float, float]] = []
    last: Row | None = None
    end = at
    for number in range(at, min(len(rows), at + _MAX_ROWS)):
        row = rows[number]
        if not isinstance(row, list) or len(row) > _MAX_COLUMNS:
            break
        if last and not _is_below(row, last):
            break
        merged = _with_row(columns, row)
        if len(row) > 1:
            if len(merged) < max(2, len(columns)):
                break
            columns, end = merged, number + 1
        elif not columns or len(merged) != len(columns) or not _continues(row, last):
            break
        else:
            columns = merged
        last = row
    # A line below the last row may be the second line of one of its cells.
    if columns and end < len(rows):
        below, above = rows[end], rows[end - 1]
        if (
            isinstance(below, list)
            and isinstance(above, list)
            and len(below) == 1
            and below[0].x0 > columns[0][1]
            and _continues(below, above)
            and len(_with_row(columns, below)) == len(columns)
        ):
            end += 1
    return end, columns


def _continues(row: Row, last: Row | None) -> bool:
    return last is not None and (row[0].middle - last[0].middle <= _NEXT_LINE * max(row[0].size, 1))


def _with_row(columns: list[tuple[float, float]], row: Row) -> list[tuple[float, float]]:
    """The columns, widened by the pieces; those that a piece connects become one."""
    spans = sorted([*columns, *((piece.x0, piece.x1) for piece in row)])
    merged: list[tuple[float, float]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _table(
    rows: Sequence[Row], columns: list[tuple[float, float]], join: Join
) -> PlacedTable | None:
    full = [row for row in rows if len(row) > 1]
    is_small = len(full) == 2 and min(map(len, full)) >= _MIN_WIDE and _are_aligned(*full)
    if len(columns) < 2 or (len(full) < _MIN_ROWS and not is_small):
        return None
    whole: list[Row] = []
    last: Row | None = None
    wrapped = _wrapped_pitch(rows)
    for row in rows:
        pitch = row[0].middle - last[0].middle if last else 0.0
        is_aside = len(row) == 1 and _column(columns, row[0]) > 0
        if last and (pitch <= wrapped or (is_aside and _continues(row, last))):
            whole[-1] = [*whole[-1], *row]
        else:
            whole.append(row)
        last = row
    return _placed(whole, columns, join) if len(whole) > 1 else None


def _are_aligned(one: Row, other: Row) -> bool:
    """Whether most pieces have one above or below them, at the same left side, right side or
    middle: words that are drawn apart to fill their lines have not."""
    pairs = [(a, b) for a in one for b in other if min(a.x1, b.x1) > max(a.x0, b.x0)]
    aligned = [
        min(abs(a.x0 - b.x0), abs(a.x1 - b.x1), abs(a.x0 + a.x1 - b.x0 - b.x1) / 2) <= _ALIGNED
        for a, b in pairs
    ]
    return 2 * sum(aligned) > min(len(one), len(other))


def _placed(
    rows: Sequence[Row], columns: list[tuple[float, float]], join: Join
) -> PlacedTable | None:
    """The table of these rows, each with the pieces of all its lines."""
    full = [row for row in rows if len(row) > 1]
    if len(columns) == 2 and all(_is_mark(min(row, key=lambda p: p.x0).text) for row in full):
        return None  # a list, or questions and answers, whose marks stand far from their text
    grid: list[list[list[str]]] = []
    for row in rows:
        cells: list[list[str]] = [[] for _ in columns]
        for piece in row:
            cells[_column(columns, piece)].append(piece.text)
        grid.append(cells)
    keys = iter(range(len(grid) * len(columns)))
    table = read_grid([[Cell(next(keys), join(cell)) for cell in row] for row in grid])
    pieces = [piece for row in rows for piece in row]
    return PlacedTable(
        table,
        columns[0][0],
        rows[0][0].top,
        columns[-1][1],
        rows[-1][-1].bottom,
        pieces[0].page,
        has_bold_header(pieces),
    )


def _is_mark(text: str) -> bool:
    is_number = len(text) < 4 and text[-1] in ".)"
    return is_number or not any(map(str.isalnum, text)) or bool(_QUESTION_MARK.fullmatch(text))


def _column(columns: Sequence[tuple[float, float]], piece: Piece) -> int:
    """The column that most of the piece stands in."""
    shared = [min(end, piece.x1) - max(start, piece.x0) for start, end in columns]
    return max(range(len(columns)), key=lambda at: shared[at])


def _wrapped_pitch(rows: Sequence[Row]) -> float:
    """The distance up to which a row is the next line of the cells above it, 0 if rows and lines
    cannot be distinguished: next lines stand closer, and most of them do not fill all cells."""
    distances = [(b[0].middle - a[0].middle, len(b)) for a, b in pairwise(rows)]
    pitches = sorted(distance for distance, _ in distances)
    jumps = [(b / max(a, 1.0), a) for a, b in pairwise(pitches)]
    widest, below = max(jumps, default=(1.0, 0.0))
    close = [count for distance, count in distances if distance <= below]
    most = max(map(len, rows))
    is_wrapped = widest >= 1.25 and 2 * sum(count == most for count in close) < len(close)
    return below if is_wrapped else 0.0
