"""What the columns of a sheet are: which has the answers, and which names the rows."""

import re
from collections.abc import Sequence

from corpus.formats.records import Role, role_of

# A row of a file: its number from 1, and its cells.
Row = tuple[int, Sequence[str]]

MIN_ASKING = 0.6  # share of the rows whose first cell asks, in a question sheet without names
_MIN_ROWS = 2
_NUMBER = re.compile(r"[^\w\s]{0,3} ?\d[\d.,'/:\s-]{0,30} ?(?:[^\W\d]{1,3}|[^\w\s]{1,3})?")
_YEAR = re.compile(r"(?:19|20)\d\d")
# The column that names the rows of a table has another text in almost each, of that many
# characters at most on average; a code is no name.
_DISTINCT = 0.95
_MAX_NAME = 60
# Codes, and names for machines: "A-001", "spring-assembly".
_CODE = re.compile(r"[A-Z]{0,5}[-_/ ]?\d[\dA-Z./_-]*|[a-z\d]+(?:[-_][a-z\d]+)+", re.IGNORECASE)
_MIN_NAMED_ROWS = 3
_MIN_NAMED_COLUMNS = 3


def roles_by_content(names: Sequence[str], rows: Sequence[Row]) -> list[Role] | None:
    """The roles of columns of which one has the name of a question and asks, and none that of an
    answer: that with most text is the answer."""
    roles = [role_of(name) for name in names]
    if roles.count(Role.QUESTION) != 1 or Role.OTHER not in roles:
        return None
    asked = [cells[at] for _, cells in rows if (at := roles.index(Role.QUESTION)) < len(cells)]
    asked = [cell for cell in asked if cell]
    asking = sum(cell.endswith("?") for cell in asked)
    if len(asked) < _MIN_ROWS or asking < MIN_ASKING * len(asked):
        return None
    lengths = {
        at: sum(len(cells[at]) for _, cells in rows if at < len(cells))
        for at, role in enumerate(roles)
        if role is Role.OTHER
    }
    roles[max(lengths, key=lambda at: (lengths[at], -at))] = Role.ANSWER
    return roles


def name_first(
    columns: list[int], names: Sequence[str], rows: Sequence[Sequence[str]]
) -> list[int]:
    """The columns of a table, first the one that names its rows: another than the first if this
    counts the rows, has codes or sorts them."""
    if len(columns) < _MIN_NAMED_COLUMNS or len(rows) < _MIN_NAMED_ROWS:
        return columns
    values = {n: [row[n] for row in rows if row[n]] for n in columns}
    first = values[columns[0]]
    are_codes = role_of(names[columns[0]]) is Role.NUMBER or all(map(_is_code, first))
    if not are_codes and 2 * len(set(first)) > len(first):
        return columns
    for n in columns[1:]:
        texts = values[n]
        is_name = (
            len(set(texts)) >= _DISTINCT * len(rows)
            and sum(map(len, texts)) <= _MAX_NAME * len(texts)
            and 2 * sum(map(_is_code, texts)) < len(texts)
            and not any(sign in texts[0] for sign in ("://", "@"))
        )
        if is_name:
            return [n, *(each for each in columns if each != n)]
    return columns


def _is_code(cell: str) -> bool:
    return is_number(cell) or bool(_CODE.fullmatch(cell))


def is_number(cell: str) -> bool:
    """Whether the cell is a number or a date, with a sign, a unit or a currency. A year is not: it
    may be a column heading."""
    return bool(_NUMBER.fullmatch(cell)) and not _YEAR.fullmatch(cell)
