"""Reads the tables of an HTML page: a cell that spans rows or columns stands in each of them."""

from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborNode

from corpus.formats.html.tree import attribute, children

# Larger spans are taken for a mistake, and for the whole table at most so many cells are repeated.
_MAX_SPAN = 200
_MAX_REPEATED = 100_000
_MIN_CELLS = 2


def is_layout(table: LexborNode) -> bool:
    """Whether the table only arranges parts of the page: it has a table inside, or no row of
    several cells, or says so."""
    if attribute(table, "role") in ("presentation", "none") or table.css_first("table table"):
        return True
    widths = [sum(1 for _ in _cells(row)) for row in _rows(table)]
    if max(widths, default=0) < _MIN_CELLS:
        return True
    return len(widths) == 1 and table.css_first("th") is None


def cells_of(
    table: LexborNode, text_of: Callable[[LexborNode], str]
) -> tuple[list[list[str]], bool]:
    """Returns the texts of the cells by row, and whether the first row has the column headings.
    Several rows of headings are joined."""
    grid: list[list[str]] = []
    heads: list[bool] = []
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
        if any(cells):
            grid.append(cells)
            heads.append(bool(kinds) and all(kinds))
    return _with_one_header(grid, heads)


def _with_one_header(grid: list[list[str]], heads: list[bool]) -> tuple[list[list[str]], bool]:
    count = 0
    while count < len(heads) - 1 and heads[count]:
        count += 1
    if not count:
        return grid, False
    width = max(map(len, grid[:count]))
    columns = ([row[n] for row in grid[:count] if n < len(row) and row[n]] for n in range(width))
    header = [" ".join(dict.fromkeys(parts)) for parts in columns]
    return [header, *grid[count:]], True


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
