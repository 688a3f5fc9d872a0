"""Reads the tables of Word documents."""

from collections.abc import Callable, Iterator
from itertools import count

from corpus.formats.docx.styles import number
from corpus.formats.grids import Cell
from corpus.formats.office import Element, child, is_on, value

_WRAPPERS = frozenset({"w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo"})
_MAX_COLUMNS = 200
_MAX_CELLS = 200_000

CellText = Callable[[Element], str]


def inside(element: Element, tag: str) -> Iterator[Element]:
    """Yields the children with this name, also those in content controls and insertions."""
    for each in element:
        if each.tag == tag:
            yield each
        elif each.tag in _WRAPPERS:
            yield from inside(each, tag)


def rows_of(table: Element) -> list[Element]:
    """Returns the rows that are not deleted."""
    rows = inside(table, "w:tr")
    return [row for row in rows if child(row, "w:trPr", "w:del") is None]


def grid_of(table: Element, text: CellText) -> list[list[Cell]]:
    """Returns the cells by row and column; `text` returns that of a cell's element. Rows behind
    200,000 cells are left out."""
    keys = count()
    grid: list[list[Cell]] = []
    above: dict[int, Cell] = {}  # cells that may reach into the next row, by column
    cells = 0
    for row in rows_of(table):
        line: list[Cell] = []
        before = number(value(row, "w:trPr", "w:gridBefore"))
        line.extend(Cell(next(keys)) for _ in range(min(max(before, 0), _MAX_COLUMNS)))
        reaching: dict[int, Cell] = {}
        for each in inside(row, "w:tc"):
            properties = child(each, "w:tcPr")
            merge = child(properties, "w:vMerge")
            column = len(line)
            if merge is not None and merge.get("w:val") != "restart" and column in above:
                cell = above[column]
            else:
                cell = Cell(next(keys), text(each))
            if merge is not None:
                reaching[column] = cell
            width = min(max(number(value(properties, "w:gridSpan")), 1), _MAX_COLUMNS)
            line.extend([cell] * width)
            if len(line) > _MAX_COLUMNS:
                break
        above = reaching
        grid.append(line[:_MAX_COLUMNS])
        cells += len(line)
        if cells > _MAX_CELLS:
            break
    return grid


def has_header(table: Element) -> bool:
    """Whether the first row has column headings: unless the table says that it has none."""
    look = child(table, "w:tblPr", "w:tblLook")
    first = look.get("w:firstRow", "") if look is not None else ""
    rows = rows_of(table)
    return first not in ("0", "false") or (bool(rows) and is_on(rows[0], "w:trPr", "w:tblHeader"))
