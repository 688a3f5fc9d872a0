"""Writes the rows of a sheet: a question sheet as questions with answers, any other as tables.

A sheet is a question sheet if one of its first rows has the names of a question and an answer, or
if its first of two columns asks. Any other sheet is divided at its empty rows. A row with one
filled cell above a table is its heading; the row below it has the column headings, unless it
contains numbers. A long table is divided, and its column headings are repeated. The column that
names the rows stands first if the first one only counts or sorts them.

The place before a table names its rows, "rows 3 to 9": each of its lines stands one row below that
before, see `corpus.places`. If the column headings stand elsewhere, they count as the row above.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from corpus.formats.columns import MIN_ASKING, Row, is_number, name_first, roles_by_content
from corpus.formats.prose import Prose
from corpus.formats.records import Record, RecordWriter, Role, omitted, records_of, roles_of
from corpus.formats.writer import MarkdownWriter

MAX_CELLS = 1_000_000  # of a file; about 10 s of work
_MAX_HEADER_ROW = 10  # the names of a question sheet stand in one of these rows
_MAX_TABLE_ROWS = 100
_MIN_ROWS = 2
_MAX_HEADER_ROWS = 3  # above an empty row
_TABLE_LEVEL = 3
# A longer cell is a paragraph, not a heading. Characters.
_MAX_HEADING = 120


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet, without those that are empty. `name` is part of each place, "" for a
    file of one sheet. `header_rows` maps the number of a row to how many rows from there on have
    the headings of one table, if several do because cells are merged."""

    name: str
    rows: Sequence[Row]
    header_rows: dict[int, int] = field(default_factory=dict)
    skipped: frozenset[int] = frozenset()  # rows that are left out and divide no table

    def place(self, number: int) -> str:
        """Returns the place of a row."""
        return f"{self._prefix}row {number}"

    def place_of_rows(self, first: int, last: int) -> str:
        """Returns the place of a table or a list, a row for each line."""
        return f"{self._prefix}rows {first} to {last}"

    @property
    def _prefix(self) -> str:
        return f"sheet {self.name}, " if self.name else ""


def write_sheet(writer: MarkdownWriter, sheet: Sheet) -> list[str]:
    """Writes the sheet. Returns what was left out, one phrase for each kind."""
    for at, (_, names) in enumerate(sheet.rows[:_MAX_HEADER_ROW]):
        if roles := roles_of(names) or roles_by_content(names, sheet.rows[at + 1 :]):
            _write_notes(writer, sheet, sheet.rows[:at])
            return _write_questions(writer, sheet, sheet.rows[at + 1 :], names, roles)
    if _asks(sheet.rows):
        return _write_questions(writer, sheet, sheet.rows, ("", ""), (Role.QUESTION, Role.ANSWER))
    tables = list(_tables(sheet))
    above = _Header()
    for table, following in zip(tables, [*tables[1:], None], strict=True):
        if following and _is_header_of(table, following):
            above = _Header(tuple(_joined(_filled(table))), _columns(following))
        else:
            above = _write_table(writer, sheet, table, above)
    return []


def _write_notes(writer: MarkdownWriter, sheet: Sheet, rows: Sequence[Row]) -> None:
    """Writes what stands above the names of a question sheet."""
    for number, cells in rows:
        writer.place(sheet.place(number))
        writer.paragraph(" ".join(dict.fromkeys(filter(None, cells))))


def _write_questions(
    writer: MarkdownWriter,
    sheet: Sheet,
    rows: Sequence[Row],
    names: Sequence[str],
    roles: Sequence[Role],
) -> list[str]:
    written = RecordWriter(writer)
    for number, records in _whole_records(rows, names, roles):
        for record in records:
            written.write(record, sheet.place(number))
    of_sheet = f" of sheet {sheet.name}" if sheet.name else ""
    return [*written.left_out(), *(f"{each}{of_sheet}" for each in omitted(names, roles))]


def _whole_records(
    rows: Sequence[Row], names: Sequence[str], roles: Sequence[Role]
) -> Iterator[tuple[int, list[Record]]]:
    """The records of each row, with the number of the row. An answer goes on in the rows right
    below that have no question, or the same as in a merged cell."""
    first = last = 0
    open_records: list[Record] = []
    for number, cells in rows:
        if list(cells) == list(names):
            continue  # the names again, as on each printed page
        records = records_of(names, roles, cells)
        is_next = number == last + 1 and len(records) == len(open_records)
        if is_next and all(map(_goes_on, open_records, records)):
            for above, record in zip(open_records, records, strict=True):
                above.answers.extend(each for each in record.answers if each not in above.answers)
        else:
            if open_records:
                yield first, open_records
            first, open_records = number, records
        last = number
    if open_records:
        yield first, open_records


def _goes_on(above: Record, record: Record) -> bool:
    return bool(above.wordings) and record.wordings in ([], above.wordings)


def _asks(rows: Sequence[Row]) -> bool:
    """Whether the rows are questions with answers in two columns without names."""
    pairs = [cells for _, cells in rows if sum(map(bool, cells)) == 2 and cells[0]]
    asking = sum(cells[0].rstrip().endswith("?") for cells in pairs)
    return len(pairs) >= _MIN_ROWS and asking >= MIN_ASKING * len(rows)


def _tables(sheet: Sheet) -> Iterator[list[Row]]:
    """The rows, divided where one is empty."""
    table: list[Row] = []
    for row in sheet.rows:
        missing = range(table[-1][0] + 1, row[0]) if table else range(0)
        if not sheet.skipped.issuperset(missing):
            yield table
            table = []
        table.append(row)
    if table:
        yield table


@dataclass(frozen=True)
class _Header:
    """The column headings of a table, from the first column of the sheet on, and the columns that
    the table has."""

    cells: tuple[str, ...] = ()
    columns: tuple[int, int] = (0, 0)


def _write_table(writer: MarkdownWriter, sheet: Sheet, rows: list[Row], above: _Header) -> _Header:
    """Writes a table. Rows without column headings belong to the table above if they have its
    columns. Returns the headings of the columns."""
    if all(_is_title(cells) for _, cells in rows):
        _write_column(writer, sheet, rows)
        return _Header()
    titles = next(n for n, (_, cells) in enumerate(rows) if not _is_title(cells))
    for row in rows[:titles]:
        _write_title(writer, sheet, row)
    rows = rows[titles:]
    cells = _filled(rows)
    columns = _columns(rows)
    depth = min(sheet.header_rows.get(rows[0][0], 1), len(rows) - 1)
    header = _Header(tuple(_joined(cells[:depth])), columns)
    if not depth or not _is_header(header.cells[slice(*columns)]):
        depth = 0
        header = above if columns == above.columns and not titles else _Header()
    shown = [n for n in range(*columns) if any(row[n] for row in cells)]
    if header.cells:
        shown = name_first(shown, header.cells, cells[depth:])
    for part in _parts(rows, depth):
        lines = [[row[n] for n in shown] for row in cells[part.start : part.stop]]
        names = [header.cells[n] if n < len(header.cells) else "" for n in shown]
        _write_part(writer, sheet, names if header.cells else [], lines, rows, part)
    return header


def _write_part(
    writer: MarkdownWriter,
    sheet: Sheet,
    names: list[str],
    lines: list[list[str]],
    rows: Sequence[Row],
    part: range,
) -> None:
    """Writes a part of a table; `names` are the column headings, none if it has no names."""
    number, last = rows[part.start][0], rows[part.stop - 1][0]
    if names:
        writer.place(sheet.place_of_rows(number - 1, last))
        writer.table([names, *lines])
    elif len(part) < _MIN_ROWS:
        writer.place(sheet.place(number))
        writer.paragraph(": ".join(filter(None, lines[0])))
    else:
        writer.place(sheet.place_of_rows(number, last))
        writer.table(lines, has_header=False)


def _is_header_of(rows: Sequence[Row], following: Sequence[Row]) -> bool:
    """Whether rows are column headings that an empty row sets off from the table below them: none
    has a number, and that has some."""
    first, last = _columns(following)
    names = [cells[first:last] for _, cells in rows]
    filled = sum(any(column) for column in zip(*names, strict=False))
    return (
        len(rows) <= _MAX_HEADER_ROWS
        and len(following) >= _MIN_ROWS
        and any(not _is_title(cells) for _, cells in rows)
        and not any(is_number(cell) for _, cells in rows for cell in cells)
        and any(map(is_number, following[0][1]))
        and filled * 2 >= last - first
    )


def _filled(rows: Sequence[Row]) -> list[list[str]]:
    """The cells of rows, as many in each."""
    width = max(len(cells) for _, cells in rows)
    return [[*cells, *[""] * (width - len(cells))] for _, cells in rows]


def _parts(rows: Sequence[Row], start: int) -> Iterator[range]:
    """The rows from `start` on in parts of one table each: of limited length, without a gap."""
    for at in range(start + 1, len(rows) + 1):
        is_gap = at < len(rows) and rows[at][0] != rows[at - 1][0] + 1
        if at == len(rows) or is_gap or at - start == _MAX_TABLE_ROWS:
            yield range(start, at)
            start = at


def _write_column(writer: MarkdownWriter, sheet: Sheet, rows: Sequence[Row]) -> None:
    """Writes rows of one cell each: a heading with a list, or paragraphs."""
    texts = [(number, next(filter(None, cells))) for number, cells in rows]
    is_list = len(texts) > _MIN_ROWS and all(len(text) <= _MAX_HEADING for _, text in texts)
    if is_list and not texts[0][1].endswith((".", ":")):
        _write_title(writer, sheet, rows[0])
        texts = texts[1:]
        writer.place(sheet.place_of_rows(texts[0][0], texts[-1][0]))
        for _, text in texts:
            writer.item(text)
        return
    for number, text in texts:
        if not is_list or number == texts[0][0]:
            writer.place(sheet.place(number))
        Prose(writer).field(text)


def _write_title(writer: MarkdownWriter, sheet: Sheet, row: Row) -> None:
    number, cells = row
    words = next(filter(None, cells))
    writer.place(sheet.place(number))
    if len(words) <= _MAX_HEADING and "\n" not in words:
        writer.heading(_TABLE_LEVEL, words)
    else:
        Prose(writer).field(words)


def _is_title(cells: Sequence[str]) -> bool:
    """Whether the row says one thing: it has one filled cell, or one merged over all columns."""
    return len(set(filter(None, cells))) == 1


def _is_header(cells: Sequence[str]) -> bool:
    """Whether the cells can be column headings: none but the first is empty or a number."""
    return not any(map(is_number, cells)) and sum(not cell for cell in cells) <= 1


def _columns(rows: Sequence[Row]) -> tuple[int, int]:
    """The first column that is filled in a row, and the end of the last one."""
    filled = [n for _, cells in rows for n, cell in enumerate(cells) if cell]
    return min(filled), max(filled) + 1


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """The headings of columns that stand in several rows: "2024 Q1"."""
    return [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*rows, strict=True)]
