"""Tables in text without markup: cells set apart by tabs or spaces, or run together by a scrape."""

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.document import Block, Kind, Span
from corpus.lines import Line
from corpus.plain_paragraphs import line_block
from corpus.shapes import Group

_GLUED_CELLS = re.compile(r"^(\S.{1,58}?[a-z)\]])([A-Z][a-z(& ].*|[A-Z][a-z]+)$")
# Cells set apart by two or more spaces.
_SPACED_CELL = re.compile(r"\S+(?: \S+)*+")


def find_table(group: Group) -> Span | None:
    """Returns the first and the end line of a table whose cells are separated by tabs or run
    together, or None."""
    for cells_of, min_rows in ((_tabbed_cells, 2), (_spaced_cells, 3), (_glued_cells, 3)):
        start = 0
        while start < len(group):
            end = start
            first = cells_of(group[start])
            while end < len(group) and len(first) > 1 and len(cells_of(group[end])) == len(first):
                if cells_of is _spaced_cells and not _aligned(group[start], group[end]):
                    break
                end += 1
            header = group[start].text.strip()
            if end - start >= min_rows and len(header) <= 60 and header[-1] not in ".!?":
                return start, end
            start = max(end, start + 1)
    return None


def _tabbed_cells(line: Line) -> tuple[Span, ...]:
    if "\t" not in line.text.strip():
        return ()
    cells = []
    at = line.start
    for cell in line.text.split("\t"):
        left = len(cell) - len(cell.lstrip())
        cells.append((at + left, at + len(cell.rstrip())))
        at += len(cell) + 1
    return tuple(cells)


def _spaced_cells(line: Line) -> tuple[Span, ...]:
    found = _SPACED_CELL.finditer(line.text)
    return tuple((line.start + each.start(), line.start + each.end()) for each in found)


def _aligned(line: Line, other: Line) -> bool:
    """Whether the cells of two lines start in the same columns."""
    cells, others = _spaced_cells(line), _spaced_cells(other)
    pairs = zip(cells, others, strict=True)
    return all(a - line.start == b - other.start for (a, _), (b, _) in pairs)


def _glued_cells(line: Line) -> tuple[Span, ...]:
    found = _GLUED_CELLS.match(line.text)
    if not found or re.search(r"[.!?;]\s", found.group(1)) or len(found.group(1).split()) > 8:
        return ()
    border = line.start + found.end(1)
    return (line.start, border), (border, line.start + len(line.text.rstrip()))


def table_blocks(rows: Group) -> Iterator[Block]:
    """Yields the rows of a table that `find_table` found, the first as its header."""
    kinds = (_tabbed_cells, _spaced_cells, _glued_cells)
    cells_of = next(each for each in kinds if len(each(rows[0])) > 1)
    for number, line in enumerate(rows):
        kind = Kind.ROW if number else Kind.HEADER
        yield replace(line_block(line, kind), cells=cells_of(line))
