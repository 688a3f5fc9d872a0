"""Divides a table of AsciiDoc into its rows."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from corpus.formats.asciidoc_lines import (
    ADMONITION,
    ANCHOR,
    BLOCK_ATTRIBUTES,
    FENCE,
    ITEM,
    MACRO,
    TERM,
)

# "2+|" spans two columns, ".3+|" three rows; "a|", "h|", "^.>s|" say how a cell is shown.
_CELL = re.compile(
    r"(?:(?P<columns>\d{1,2})?(?:\.(?P<rows>\d{1,2}))?(?P<kind>[+*]))?[<^>]?(?:\.[<^>])?"
    r"(?P<style>[adehlmsv])?$"
)
_SPECIFIER = re.compile(
    r"(?<=\s)(?:(?:\d{1,2}(?:\.\d{1,2})?|\.\d{1,2})[+*])?[<^>]?(?:\.[<^>])?[adehlmsv]?\Z"
)
_COLUMNS = re.compile(r"cols\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w*]+))")
_SEPARATOR = re.compile(r"separator\s*=\s*\"?(.)")
_HEADER = re.compile(r"(?:^|[\s,%\"'.])(?:header|h)(?:$|[\s,%\"'.])")
_STOPS = frozenset(".:;,!?")
_BLOCK_MARKS = (FENCE, BLOCK_ATTRIBUTES, ANCHOR, MACRO)
_MAX_COLUMNS = 200
_MAX_CELLS = 100_000


def table_rows(lines: Sequence[str], mark: str, attributes: str) -> tuple[list[list[str]], bool]:
    """Returns the rows of the lines between two marks, and whether the first has the column
    headings: if the attributes say so, or if an empty line follows the first line.

    `mark` is the first character of the marks. A cell over several rows or columns is repeated, and
    blocks in a cell are one text.
    """
    separator = found[1] if (found := _SEPARATOR.search(attributes)) else ""
    is_dsv = "format=dsv" in attributes.replace('"', "")
    if mark == "," or "format=csv" in attributes.replace('"', "") or is_dsv or mark == ":":
        delimiter = separator or (":" if is_dsv or mark == ":" else ",")
        rows = [
            row for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter) if row
        ]
    else:
        rows = _rows(lines, separator or mark, _width(lines, separator or mark, attributes))
    first = next((n for n, line in enumerate(lines) if line), len(lines))
    is_set_off = first == 0 and len(lines) > 1 and not lines[1] and len(lines) > 2
    has_header = bool(_HEADER.search(attributes)) or (is_set_off and "noheader" not in attributes)
    return [[_one_text(cell) for cell in row] for row in rows], has_header


def _one_text(cell: str) -> str:
    """The text of a cell of several lines without the marks of its blocks, the items of its lists
    divided by semicolons."""
    if "\n" not in cell:
        return cell
    parts: list[str] = []
    for line in filter(None, map(str.strip, cell.split("\n"))):
        if line == "+" or any(
            mark.match(line) for mark in (FENCE, BLOCK_ATTRIBUTES, ANCHOR, MACRO)
        ):
            continue
        item, term = ITEM.match(line), TERM.match(line)
        if (item or term) and parts and parts[-1].rstrip("`*_+ ")[-1:] not in _STOPS:
            parts[-1] += ";"
        if item:
            parts.append(item[5])
        elif term:
            parts.append(f"{term[1]}: {term[3] or ''}".rstrip())
        else:
            parts.append(ADMONITION.sub("", line))
    return "\n".join(parts)


def _width(lines: Sequence[str], mark: str, attributes: str) -> int:
    """The number of columns: as the attributes say, else that of the cells in the first line."""
    if found := _COLUMNS.search(attributes):
        said = next(filter(None, found.groups()), "")
        width = 0
        for part in re.split(r"[,;]", said):
            times = re.match(r"\s*(\d{1,3})\*", part)
            width += int(times[1]) if times else 1
        if width > 1 or "*" in said or not said.strip().isdigit():
            return min(max(width, 1), _MAX_COLUMNS)
        return min(max(int(said), 1), _MAX_COLUMNS) if said.strip().isdigit() else 1
    first = next((line for line in lines if line), "")
    return min(max(sum(n for _, n, _ in _cells([first], mark)), 1), _MAX_COLUMNS)


def _rows(lines: Sequence[str], mark: str, width: int) -> list[list[str]]:
    rows: list[list[str]] = []
    cells: list[str] = []
    taken: dict[int, tuple[str, int]] = {}  # by column: the text from above, and the rows left
    count = 0
    for text, columns, height in _cells(lines, mark):
        count += columns
        if count > _MAX_CELLS:
            break
        _take(taken, cells, width)
        for _ in range(min(columns, width - len(cells)) or 1):
            if height > 1:
                taken[len(cells)] = (text, height - 1)
            cells.append(text)
        _take(taken, cells, width)
        if len(cells) >= width:
            rows.append(cells)
            cells = []
    return [*rows, cells] if cells else rows


def _take(taken: dict[int, tuple[str, int]], cells: list[str], width: int) -> None:
    while len(cells) < width and (found := taken.pop(len(cells), None)):
        text, rows = found
        if rows > 1:
            taken[len(cells)] = (text, rows - 1)
        cells.append(text)


def _cells(lines: Sequence[str], mark: str) -> Iterator[tuple[str, int, int]]:
    """Yields the text of each cell, how many columns it takes and how many rows. A cell may go on
    in further lines; "3*|" stands for three equal cells."""
    before, *parts = re.split(rf"(?<!\\){re.escape(mark)}", "\n".join(lines))
    specifier = before.strip()
    for number, part in enumerate(parts):
        found = _SPECIFIER.search(part) if number + 1 < len(parts) else None
        following = found.group() if found else ""
        said = _CELL.match(specifier)
        columns = int(said["columns"] or 1) if said else 1
        rows = int(said["rows"] or 1) if said else 1
        text = part[: len(part) - len(following)].strip().replace(f"\\{mark}", mark)
        if said and said["kind"] == "*":
            for _ in range(columns):
                yield text, 1, 1
        else:
            yield text, columns, rows
        specifier = following
