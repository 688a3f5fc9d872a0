"""Reads the tables of an HTML page: a cell that spans rows or columns stands in each of them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from corpus.formats.html.tree import attribute, children

# Larger spans are taken for a mistake, and for the whole table at most so many cells are repeated.
_MAX_SPAN = 200
_MAX_REPEATED = 100_000
_MIN_CELLS = 2
_BACKGROUND = re.compile(
    r"background(?:-color)?\s*:\s*(?!none|transparent|inherit|initial)([^\s;][^;]*)", re.IGNORECASE
)


@dataclass(frozen=True)
class Cells:
    """The texts of a table by row. `title` is that of a first row that is one cell."""

    rows: list[list[str]]
    has_header: bool  # whether the first row has the column headings
    title: str = ""


def is_layout(table: LexborNode) -> bool:
    """Whether the table only arranges parts of the page: it has a table inside, or no row of
    several cells, or says so."""
    if attribute(table, "role") in ("presentation", "none") or table.css_first("table table"):
        return True
    widths = [sum(1 for _ in _cells(row)) for row in _rows(table)]
    if max(widths, default=0) < _MIN_CELLS:
        return True
    return len(widths) == 1 and table.css_first("th") is None


def cells_of(table: LexborNode, text_of: Callable[[LexborNode], str]) -> Cells:
    """Returns the texts of the cells. Several rows of headings are joined."""
    grid: list[list[str]] = []
    heads: list[bool] = []
    shades: list[str] = []
    title = ""
    below: dict[int, tuple[str, int]] = {}  # by column: the cell that goes on, for so many rows
    repeated = 0
    for row in _rows(table):
        cells: list[str] = []
        kinds: list[bool] = []
        for cell in _cells(row):
            _take(below, cells)
            text = text_of(cell)
            rows, columns = _span(cell, "rowspan"), _span(cell, "colspan")
            repeated += rows * columns - 1
            if repeated > _MAX_REPEATED:
                rows = columns = 1
            for _ in range(columns):
                if rows > 1:
                    below[len(cells)] = (text, rows - 1)
                cells.append(text)
            kinds.append(cell.tag == "th" or not text or _is_bold(cell, text, text_of))
        _take(below, cells)
        if not grid and not title and len(kinds) == 1 and len(cells) > 1 and not below:
            title = cells[0]
        elif any(cells):
            grid.append(cells)
            heads.append(bool(kinds) and all(kinds))
            shades.append(_shade(row))
    if not title and _is_alone(shades):
        heads[0] = True
    header = _count(heads)
    if not header:
        return Cells(grid, has_header=False, title=title)
    return Cells([_joined(grid[:header]), *grid[header:]], has_header=True, title=title)


def _count(heads: Sequence[bool]) -> int:
    """The number of rows with column headings; below them is another row."""
    count = 0
    while count < len(heads) - 1 and heads[count]:
        count += 1
    return count


def _is_alone(shades: Sequence[str]) -> bool:
    """Whether the first row has a background that no other has."""
    return bool(shades) and bool(shades[0]) and shades.count(shades[0]) == 1


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    width = max(map(len, rows))
    columns = ([row[n] for row in rows if n < len(row) and row[n]] for n in range(width))
    return [" ".join(dict.fromkeys(parts)) for parts in columns]


def _shade(row: LexborNode) -> str:
    """The background that a row or all of its cells have, "" if they have none."""
    own = _background(row)
    found = {_background(cell) or own for cell in _cells(row)}
    return found.pop() if len(found) == 1 else ""


def _background(node: LexborNode) -> str:
    style = _BACKGROUND.search(attribute(node, "style"))
    return (style[1].strip() if style else attribute(node, "bgcolor")).lower()


def _take(below: dict[int, tuple[str, int]], cells: list[str]) -> None:
    """Adds the cells of rows above that reach into the next columns."""
    while found := below.pop(len(cells), None):
        text, rows = found
        if rows > 1:
            below[len(cells)] = (text, rows - 1)
        cells.append(text)


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    for child in children(table):
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (each for each in children(child) if each.tag == "tr")


def _cells(row: LexborNode) -> Iterator[LexborNode]:
    return (each for each in children(row) if each.tag in ("td", "th"))


def _span(cell: LexborNode, name: str) -> int:
    value = attribute(cell, name)
    span = int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 1
    return span if 1 <= span <= _MAX_SPAN else 1


def _is_bold(cell: LexborNode, text: str, text_of: Callable[[LexborNode], str]) -> bool:
    """Whether the whole text of a cell is bold, as in tables without header cells."""
    bold = cell.css_first("b, strong")
    return bold is not None and bool(text) and text_of(bold) == text
