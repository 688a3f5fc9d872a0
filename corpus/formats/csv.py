"""Loads CSV and TSV: a question sheet as questions with answers, any other file as a table.

The text is what `corpus.formats.sheets` writes of the rows; places are "row 7", where the first row
of the file is row 1 and a quoted line break starts no row. The delimiter is what the line "sep=;"
of Excel names, else of comma, semicolon, tab and bar the one that divides the first rows most
evenly: the sniffer of the csv module takes a letter for a delimiter in sheets of sentences.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from corpus.formats.columns import Row
from corpus.formats.encodings import decode_text
from corpus.formats.extracted import Extracted, NotExtracted
from corpus.formats.sheets import MAX_CELLS, Sheet, write_sheet
from corpus.formats.writer import MarkdownWriter, fold

# What Excel writes in the first line.
_EXCEL_HINT = re.compile(r"sep=(.)[ \t]*\n", re.IGNORECASE)
_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 50
_SAMPLE = 65_536  # characters
_MAX_FIELD = 10_000_000  # characters; the module's own limit is 131,072


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the document of a file of values between delimiters."""
    text = decode_text(raw)
    said = _EXCEL_HINT.match(text)
    body = text[said.end() :] if said else text
    delimiter = said.group(1) if said else _delimiter(text)
    rows, left_out = _rows(body, delimiter, 1 + bool(said))
    if not rows:
        raise NotExtracted("contains no text")
    writer = MarkdownWriter()
    left_out.extend(write_sheet(writer, Sheet("", rows)))
    yield Extracted(writer.text(), tuple(left_out))


def _rows(text: str, delimiter: str, first: int) -> tuple[list[Row], list[str]]:
    """The rows that are not empty, numbered from `first` on, and what was left out."""
    csv.field_size_limit(_MAX_FIELD)
    rows: list[Row] = []
    cells = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for number, values in enumerate(reader, first):
            stripped = [value.strip() for value in values]
            if cells > MAX_CELLS:
                return rows, [f"rows from {number:,} on (more than {MAX_CELLS:,} cells)"]
            if any(map(fold, stripped)):
                rows.append((number, stripped))
                cells += len(stripped)
    except csv.Error as error:
        if not rows:
            raise NotExtracted(f"cannot be read as CSV ({error})") from error
        return rows, [f"rows behind row {rows[-1][0]:,} ({error})"]
    return rows, []


def _delimiter(text: str) -> str:
    """The delimiter that divides most of the first rows into the same number of cells, which are
    more than one; a comma if none does."""
    sample = text[:_SAMPLE]
    best = max(_DELIMITERS, key=lambda each: _evenness(sample, each))
    return best if _evenness(sample, best) > (0, 0) else ","


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    """The share of the rows that have the most frequent number of cells, and that number; (0, 0)
    if that is 1."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        widths = [len(row) for row, _ in zip(reader, range(_SAMPLE_ROWS), strict=False) if row]
    except csv.Error:
        return 0, 0
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return 0, 0
    [(width, count)] = counts.most_common(1)
    return round(count / len(widths), 2), width
