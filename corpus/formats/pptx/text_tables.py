"""Finds the tables among text boxes in rows and columns, and labels with what stands below them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.formats.pptx.boxes import Box

_MAX_CELL = 300  # characters
_MAX_SHORT = 40  # characters of the cells of a table that no look shows

Row = Sequence[Box | None]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of text boxes."""

    rows: tuple[tuple[str, ...], ...]
    has_header: bool


def _is_cell(box: Box) -> bool:
    return not box.inner and box.paragraphs == 1 and len(box.text) <= _MAX_CELL


def _are_over(labels: Row, others: Row) -> bool:
    """Whether the first boxes are labels that are stronger than the others beside or below them."""
    pairs = [(a, b) for a, b in zip(labels, others, strict=True) if a and b]
    return bool(pairs) and all(a.is_label and a.is_over(b) for a, b in pairs)


def text_tables(rows: Sequence[Row]) -> list[TextTable]:
    """Returns the tables that the rows are: with labels in the first row, in the first column, or
    in every second column; or with short words in many cells. Empty if they are none."""
    height, width = len(rows), len(rows[0])
    columns = list(zip(*rows, strict=True))
    if height < 2 or width < 2 or not all(_is_cell(box) for row in rows for box in row if box):
        return []
    beside = [_are_over(one, other) for one, other in pairwise(columns)]
    has_labels = beside[0] and not any(beside[1:])
    is_dense = min(height, width) > 2 and all(map(all, rows)) and _are_short(rows)
    if height > 2 and _has_header(columns):
        return [_text_table(rows, has_header=True)]
    if width % 2 == 0 and beside == [at % 2 == 0 for at in range(width - 1)]:
        pairs = ([row[at : at + 2] for row in rows] for at in range(0, width, 2))
        return [_text_table(pair, has_header=False) for pair in pairs]
    return [_text_table(rows, has_header=False)] if has_labels or is_dense else []


def _has_header(columns: Sequence[Row]) -> bool:
    """Whether the first row has a look of its own, and each column has one below it."""
    first = {column[0].look for column in columns if column[0]}
    below = [{box.look for box in column[1:] if box} for column in columns]
    if len(first) != 1 or any(len(looks) != 1 for looks in below):
        return False
    looks = set().union(*below)
    has_labels = len(looks) > 1 or columns[0][0] is None
    return has_labels and any(found != first for found in below)


def _are_short(rows: Sequence[Row]) -> bool:
    return all(len(box.text) <= _MAX_SHORT for row in rows for box in row if box)


def _text_table(rows: Sequence[Row], *, has_header: bool) -> TextTable:
    texts = [tuple(box.text if box else "" for box in row) for row in rows]
    return TextTable(tuple(row for row in texts if any(row)), has_header)


def labelled_columns(rows: Sequence[Row]) -> list[tuple[Box, list[Box]]]:
    """Returns the labels with what stands below each; empty if the rows are no labels and texts."""
    starts = [at for at, (row, below) in enumerate(pairwise(rows)) if _are_over(row, below)]
    if not starts or starts[0] != 0 or any(b - a < 2 for a, b in pairwise(starts)):
        return []
    found = []
    for start, end in pairwise([*starts, len(rows)]):
        for at, label in enumerate(rows[start]):
            below = [row[at] for row in rows[start + 1 : end]]
            boxes = [box for box in below if box]
            if label is None or not boxes:
                return []
            found.append((label, boxes))
    return found
