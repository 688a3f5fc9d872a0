"""Turns the grid of a table, in which cells may span rows and columns, into rows that can be read
alone: one header, and each row with all its values."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Rows of column headings that are joined to one, at most.
_MAX_HEADERS = 3
_MAX_HEADING = 120  # characters; a longer cell of the first row is no column heading
_MIN_LABELS = 0.6  # of the entries of a form


@dataclass(frozen=True, slots=True)
class Cell:
    """A position of the grid. Positions that one cell spans have the same `key`."""

    key: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; the first row has the column headings if it `has_header`."""

    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    has_header: bool = True


def read_grid(grid: Sequence[Sequence[Cell]]) -> Table:
    """Returns the table without empty rows and columns. Rows at its top that are one cell are its
    caption; column headings in several rows become one row; a cell that spans several rows or
    columns stands in each, but a row of one cell only in the first column. A form ("Name:", "Ada")
    has a row for each of its entries."""
    rows = [list(row) for row in grid if any(cell.text for cell in row)]
    width = max(map(len, rows), default=0)
    rows = [row + [Cell(-1)] * (width - len(row)) for row in rows]
    full = [column for column in range(width) if any(row[column].text for row in rows)]
    rows = _without_split_columns([[row[column] for column in full] for row in rows])
    captions = []
    while len(rows) > 1 and len(rows[0]) > 1 and _is_one_cell(rows[0]):
        captions.append(rows.pop(0)[0].text)
    if entries := _entries(rows):
        return Table(tuple(entries), " ".join(captions), has_header=False)
    header, rows = _header(rows)
    body = [
        (row[0].text, *[""] * (len(row) - 1))
        if len(row) > 1 and _is_one_cell(row)
        else tuple(cell.text for cell in row)
        for row in rows
    ]
    is_header = not any(len(text) > _MAX_HEADING for text in header)
    return Table((header, *body) if header else (), " ".join(captions), is_header)


def _without_split_columns(rows: list[list[Cell]]) -> list[list[Cell]]:
    """The rows with columns joined that only some cells divide, without text in both parts."""
    columns: list[list[Cell]] = []
    for column in map(list, zip(*rows, strict=True)):
        last = columns[-1] if columns else None
        if last and _are_one(last, column):
            columns[-1] = [a if a.text else b for a, b in zip(last, column, strict=True)]
        else:
            columns.append(column)
    return [list(row) for row in zip(*columns, strict=True)]


def _are_one(left: Sequence[Cell], right: Sequence[Cell]) -> bool:
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a.text or b.text]
    shared = sum(a.key == b.key for a, b in pairs)
    return 2 * shared > len(pairs) and all(
        a.key == b.key or not (a.text and b.text) for a, b in pairs
    )


def _entries(rows: Sequence[Sequence[Cell]]) -> list[tuple[str, ...]]:
    """The entries of a form: labels that end with a colon stand before their values, in the first
    column and perhaps in others. Empty if the table is no form."""
    labels = [row[0].text for row in rows if row[0].text]
    is_form = len(labels) > 1 and sum(map(_is_label, labels)) >= _MIN_LABELS * len(labels)
    if not is_form or not _is_label(rows[0][0].text):
        return []
    entries: list[list[str]] = []
    for row in rows:
        cells = [row[0], *(cell for last, cell in pairwise(row) if cell.key != last.key)]
        is_open = False  # whether a label of this row waits for its value
        for text in (cell.text for cell in cells if cell.text):
            if _is_label(text) or not entries:
                entries.append([text])
            elif is_open:
                entries[-1].append(text)
            else:
                entries.append(["", text])
            is_open = True
    return [tuple(entry) for entry in entries]


def _is_label(text: str) -> bool:
    return text.endswith((":", "："))


def _is_one_cell(row: Sequence[Cell]) -> bool:
    return len({cell.key for cell in row}) == 1


def _header(rows: list[list[Cell]]) -> tuple[tuple[str, ...], list[list[Cell]]]:
    """The column headings, and the rows below them. A heading above several columns has the
    headings of these in the next row."""
    if not rows:
        return (), []
    count = 1
    while count < min(len(rows) - 1, _MAX_HEADERS) and _has_wide_cell(rows[count - 1]):
        if _is_one_cell(rows[count]):
            break
        count += 1
    header = []
    for column in range(len(rows[0])):
        cells = {rows[row][column].key: rows[row][column].text for row in range(count)}
        header.append(" ".join(dict.fromkeys(text for text in cells.values() if text)))
    return tuple(header), rows[count:]


def _has_wide_cell(row: Sequence[Cell]) -> bool:
    return any(left.key == right.key and left.text for left, right in pairwise(row))
