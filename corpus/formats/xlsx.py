"""Loads XLSX and XLSM: question sheets as questions with answers, other sheets as tables.

The text has a heading for each sheet if there are several, and below it what
`corpus.formats.sheets` writes of its rows; places are "sheet Prices, row 7". Numbers and dates are
shown as the sheet shows them; of a formula, the value that the file stores is read. A merged cell
counts in each row and column that it covers. Hidden sheets, rows and columns, error values,
formulas without a stored value, charts and macros are left out and named. Nothing is calculated,
and no link is followed.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import range_boundaries

from corpus.formats.columns import Row
from corpus.formats.extracted import Extracted, NotExtracted, counted
from corpus.formats.number_formats import shown
from corpus.formats.office import OfficePackage
from corpus.formats.sheets import MAX_CELLS, Sheet, write_sheet
from corpus.formats.unpack import open_archive
from corpus.formats.writer import MarkdownWriter
from corpus.metadata import Metadata

_OLE = b"\xd0\xcf\x11\xe0"
# What the streaming reader of openpyxl does not tell, found without parsing.
_MERGED = re.compile(rb'<mergeCell\b[^<>]*\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_HIDDEN_ROW = re.compile(rb'<row\b(?=[^<>]*\bhidden="(?:1|true)")[^<>]*\br="(\d{1,7})"')
_HIDDEN_COLUMNS = re.compile(rb'<col\b(?=[^<>]*\bhidden="(?:1|true)")[^<>]*>')
_MIN, _MAX = re.compile(rb'\bmin="(\d{1,5})"'), re.compile(rb'\bmax="(\d{1,5})"')
_NOT_CALCULATED = re.compile(rb"<f\b[^<>]*(?:/>|>[^<>]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
# A merged cell that covers more is decoration.
_MAX_MERGED = 10_000
_MAX_MERGES = 10_000
_MAX_EMPTY_ROWS = 10_000  # in a row; behind them only formats follow
_MAX_HEADER_ROWS = 4
_MAX_COLUMNS = 1_000
_XML = re.compile(r"xl/(?:worksheets/)?[^/]+\.xml")
_MAIN = "xl/workbook.xml"
_MACROS = "vbaProject.bin"
_SHEET_LEVEL = 2
# A merged cell: its first column and row, and its last column and row, from 1.
Merge = tuple[int, int, int, int]


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the document of a workbook."""
    if raw.startswith(_OLE):
        raise NotExtracted("is encrypted, or of Excel 97–2003; save it as .xlsx without a password")
    with open_archive(raw) as archive:
        for name in archive.namelist():
            if _XML.fullmatch(name) and b"<!ENTITY" in archive.read(name):
                raise NotExtracted("defines entities, which workbooks do not need")
        reader = _Book(BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        reader.read()
        book = reader.wb
        has_macros = any(name.endswith(_MACROS) for name in archive.namelist())
        try:
            metadata = OfficePackage(raw, _MAIN).metadata()
        except NotExtracted:
            metadata = Metadata()
        sheets = _Reader(book, archive, metadata)
        text = sheets.text()
    if not text:
        raise NotExtracted(f"contains no text{_because(sheets.left_out)}")
    yield Extracted(text, (*sheets.left_out, *(["macros"] if has_macros else [])))


def _because(left_out: list[str]) -> str:
    return f" ({', '.join(left_out)})" if left_out else ""


class _Book(ExcelReader):
    """Reads a workbook without its properties and its theme, which need not be valid."""

    def read_properties(self) -> None:
        """Reads nothing: openpyxl would take the time at which it runs for a missing date."""

    def read_custom(self) -> None:
        """Reads nothing."""

    def read_theme(self) -> None:
        """Reads nothing."""


class _Reader:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Any, archive: zipfile.ZipFile, metadata: Metadata) -> None:
        self._book = book
        self._metadata = metadata
        self._archive = archive
        self._cells = 0
        self.left_out: list[str] = []

    def text(self) -> str:
        """Returns the canonical text."""
        writer = MarkdownWriter(self._metadata)
        visible = [sheet for sheet in self._book.worksheets if sheet.sheet_state == "visible"]
        self.left_out.extend(
            f"sheet {sheet.title} (hidden)"
            for sheet in self._book.worksheets
            if sheet.sheet_state != "visible"
        )
        self.left_out.extend(f"sheet {sheet.title} (a chart)" for sheet in self._book.chartsheets)
        for sheet in visible:
            source = self._archive.read(sheet._worksheet_path)
            merges = _merges(source)
            hidden = frozenset(map(int, _HIDDEN_ROW.findall(source)))
            grid = self._grid(sheet, source, hidden)
            _fill(grid, merges)
            rows: list[Row] = [(n, grid[n]) for n in sorted(grid) if any(grid[n])]
            if not rows:
                continue
            if len(visible) > 1:
                writer.place(f"sheet {sheet.title}")
                writer.heading(_SHEET_LEVEL, sheet.title)
            found = write_sheet(
                writer, Sheet(sheet.title, rows, _header_rows(rows, merges), hidden)
            )
            self.left_out.extend(found)
        return writer.text()

    def _grid(self, sheet: Any, source: bytes, hidden_rows: frozenset[int]) -> dict[int, list[str]]:
        """The cells that are shown, by row. Notes what was left out."""
        hidden_columns = _hidden_columns(source)
        grid: dict[int, list[str]] = {}
        found: Counter[tuple[str, str]] = Counter()  # a noun, and what is said of it
        empty = 0
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        for row in sheet.iter_rows():
            cells = [cell for cell in row if cell.value is not None]
            empty = 0 if cells else empty + 1
            if empty > _MAX_EMPTY_ROWS:
                break
            if self._cells > MAX_CELLS:
                self.left_out.append(
                    f"rows from {row[0].row:,} on (more than {MAX_CELLS:,} cells) of sheet "
                    f"{sheet.title}"
                )
                break
            if cells and cells[0].row in hidden_rows:
                found["hidden row", ""] += 1
            elif cells:
                self._cells += len(cells)
                grid[cells[0].row] = _values(cells, hidden_columns, found)
        if not_calculated := len(_NOT_CALCULATED.findall(source)):
            found["formula", "without a stored value"] = not_calculated
        if hidden_columns:
            found["hidden column", ""] = len(hidden_columns)
        for (noun, rest), count in found.items():
            self.left_out.append(f"{counted(count, noun, rest)} of sheet {sheet.title}")
        return grid


def _values(cells: list[Any], hidden: frozenset[int], found: Counter[tuple[str, str]]) -> list[str]:
    """The texts of one row from its first column on. Counts the errors in `found`."""
    values = [""] * cells[-1].column
    for cell in cells:
        value = cell.value
        if cell.data_type == "e":
            found["cell", f"with the error {value}"] += 1
        elif cell.column not in hidden:
            is_text = isinstance(value, str)
            values[cell.column - 1] = (
                value if is_text else shown(value, cell.number_format)
            ).strip()
    return values


def _hidden_columns(source: bytes) -> frozenset[int]:
    hidden: set[int] = set()
    for column in _HIDDEN_COLUMNS.findall(source):
        first, last = _MIN.search(column), _MAX.search(column)
        # Everything to the right of a sheet is often hidden, and is empty.
        if first and last and int(last.group(1)) < _MAX_COLUMNS:
            hidden.update(range(int(first.group(1)), int(last.group(1)) + 1))
    return frozenset(hidden)


def _merges(source: bytes) -> list[Merge]:
    """The merged cells: the first column and row, the last column and row."""
    merges: list[Merge] = []
    for found in _MERGED.findall(source)[:_MAX_MERGES]:
        left, top, right, bottom = (side or 0 for side in range_boundaries(found.decode()))
        if (right - left + 1) * (bottom - top + 1) <= _MAX_MERGED:
            merges.append((left, top, right, bottom))
    return merges


def _fill(grid: dict[int, list[str]], merges: list[Merge]) -> None:
    """Repeats the text of each merged cell in the others that it covers, in rows that are shown."""
    for left, top, right, bottom in merges:
        row = grid.get(top, [])
        text = row[left - 1] if left <= len(row) else ""
        for number in range(top, bottom + 1) if text else ():
            values = grid.get(number)
            if values is not None:
                values.extend([""] * (right - len(values)))
                values[left - 1 : right] = [text] * (right - left + 1)


def _header_rows(rows: list[Row], merges: list[Merge]) -> dict[int, int]:
    """How many rows from a row on have column headings, if a merged cell in it makes them several:
    it covers rows, or some of the columns, which have headings of their own below it."""
    depths: dict[int, int] = {}
    widths = {number: len(cells) for number, cells in rows}
    for left, top, right, bottom in merges:
        if top in widths and right - left + 1 < widths[top]:
            depth = max(bottom - top + 1, 1 + (right > left))
            depths[top] = max(depths.get(top, 1), min(depth, _MAX_HEADER_ROWS))
    return depths
