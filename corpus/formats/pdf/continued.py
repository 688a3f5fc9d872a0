"""Tables that go on on the next page: their column headings, and rows that the page divides."""

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.formats.pdf.tables import DRIFT, PlacedTable
from corpus.formats.pdf.words import END, OPEN_END, Join

_LETTER = re.compile(r"[^\W\d_]{2}")


def continues(above: PlacedTable, table: PlacedTable) -> bool:
    """Returns whether a table has the columns of the one at the end of the page before it."""
    return (
        len(above.table.rows[0]) == len(table.table.rows[0])
        and max(abs(above.x0 - table.x0), abs(above.x1 - table.x1)) <= DRIFT
        and above.table.has_header
        and table.table.has_header
    )


def continued(
    above: PlacedTable, table: PlacedTable, join: Join
) -> tuple[PlacedTable, PlacedTable | None]:
    """Returns the table above, whose last row is whole, and the table that continues it with the
    column headings of both; None if that row was all of it."""
    first, rows = above.table.rows, table.table.rows
    repeats = rows[0] == first[0]
    body = rows[repeats:]
    if body and len(first) > 1 and _goes_on(first, body):
        pairs = zip(first[-1], body[0], strict=True)
        above = _with_rows(above, (*first[:-1], tuple(join(filter(None, pair)) for pair in pairs)))
        return above, _with_rows(table, (first[0], *body[1:])) if body[1:] else None
    if repeats or table.has_bold_header:
        return above, table
    return above, _with_rows(table, (first[0], *rows))


def _with_rows(table: PlacedTable, rows: tuple[tuple[str, ...], ...]) -> PlacedTable:
    return replace(table, table=replace(table.table, rows=rows))


def _goes_on(above: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> bool:
    """Whether the first row of the body is the rest of the last one above it: it has no label while
    all others have one, or a cell goes on that the words leave open."""
    last, row = above[-1], body[0]
    pairs = [(start, rest) for start, rest in zip(last, row, strict=True) if start and rest]
    if row[0] and not row[0][0].islower():
        return False
    if not any(_LETTER.search(start) and _LETTER.search(rest) for start, rest in pairs):
        return not row[0] and not pairs
    if not row[0] and all(each[0] for each in (*above[1:], *body[1:])):
        return True
    for column, (start, rest) in enumerate(zip(last, row, strict=True)):
        are_sentences = any(END.search(each[column]) for each in above[1:-1])
        is_open = bool(start) and not END.search(start) and rest[:1].islower()
        if rest and (OPEN_END.search(start) or (is_open and (are_sentences or not row[0]))):
            return True
    return False
