"""Arranges what stands on a slide: the order in which it is read, and which texts are cards with a
title, labels, items or the cells of a table.

Knows only places and looks. A frame that is drawn around texts, or a group of shapes, is a card.
Texts in columns and rows are a table, or cards, if the looks of a row or column say that it has the
labels of the others; else they are read row by row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from corpus.formats.pptx.boxes import Box, by_rows, nested, stands_beside
from corpus.formats.pptx.shapes import Shape
from corpus.formats.pptx.text_tables import Row, TextTable, labelled_columns, text_tables

_MAX_SHAPES = 1000  # of a slide that is arranged
_MAX_DEPTH = 12
# The part of a shape, on each side, in which others may overlap it.
_SLACK = 0.12
# How far the left sides of a label and its text may differ, as part of their width, and how far it
# may stand above it, as part of its height.
_ALIGNED, _MAX_GAP = 0.15, 1.5
_CURRENCIES = "$€£¥"
_NO_LABEL_END = (".", ":", ";", ",", "!", "…")


class Role(Enum):
    """What a text is."""

    TEXT = auto()
    LABEL = auto()
    ITEM = auto()


@dataclass(frozen=True, slots=True)
class Text:
    """The text or the other contents of a shape."""

    box: Box
    role: Role = Role.TEXT


@dataclass(frozen=True, slots=True)
class Card:
    """What stands below a title."""

    title: Box
    parts: tuple["Part", ...]


Part = Text | Card | TextTable


def arranged(boxes: Sequence[Box]) -> list[Part]:
    """Returns the parts of a slide in reading order. Texts that follow the last card stand before
    the first one: they belong to no card."""
    if len(boxes) > _MAX_SHAPES:
        return [Text(box) for box in by_rows([b for b in boxes if b.is_filled])]
    parts = list(_ordered(nested(boxes), 0))
    cards = [at for at, part in enumerate(parts) if isinstance(part, Card)]
    if cards:
        first, behind = cards[0], cards[-1] + 1
        parts = [*parts[:first], *parts[behind:], *parts[first:behind]]
    return parts


def _ordered(units: Sequence[Box], depth: int) -> Iterator[Part]:
    """The parts of the units, from top to bottom and from left to right."""
    yield from _with_rows(list(_labelled(list(_parts(units, depth)))))


def _labelled(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts, with the labels among the texts marked."""
    for part, following in pairwise([*parts, None]):
        if (
            isinstance(part, Text)
            and isinstance(following, Text)
            and part.role is following.role is Role.TEXT
            and part.box.is_label
            and not part.box.text.endswith((*_NO_LABEL_END, "?"))
            and part.box.is_over(following.box)
            and _is_near(part.box.shape, following.box.shape)
        ):
            yield Text(part.box, Role.LABEL)
        elif part:
            yield part


def _with_rows(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts, with labels and single paragraphs that take turns as the rows of a table."""
    at = 0
    while at < len(parts):
        rows: list[tuple[str, str]] = []
        while pair := _pair(parts[at + 2 * len(rows) :]):
            rows.append(pair)
        if len(rows) > 1:
            yield TextTable(tuple(rows), has_header=False)
            at += 2 * len(rows)
        else:
            yield parts[at]
            at += 1


def _pair(parts: Sequence[Part]) -> tuple[str, str] | None:
    """The label and the paragraph that the parts start with."""
    match parts[:2]:
        case [Text(label, Role.LABEL), Text(box, Role.TEXT)] if box.paragraphs == 1:
            return label.text, box.text
    return None


def _is_near(label: Shape, shape: Shape) -> bool:
    """Whether a label stands right above a shape, or beside it."""
    is_aligned = abs(shape.x - label.x) <= _ALIGNED * max(shape.width, label.width)
    gap = shape.y - label.y - label.height
    return gap <= _MAX_GAP * label.height and (is_aligned or stands_beside(label, shape))


def _parts(units: Sequence[Box], depth: int) -> Iterator[Part]:
    bands = _bands(units)
    at = 0
    while at < len(bands):
        end, columns = _extent(bands, at)
        band = bands[at]
        if len(columns) > 1 and depth < _MAX_DEPTH:
            yield from _beside(bands[at:end], columns, depth)
            at = end
            continue
        for unit in by_rows(band):
            yield from _part(unit, depth)
        at += 1


def _part(unit: Box, depth: int) -> Iterator[Part]:
    if not unit.inner:
        if not unit.is_sign:
            yield Text(unit)
        return
    title = _title(unit.inner)
    if title is None:
        yield from _ordered(unit.inner, depth + 1)
        return
    above = [box for box in unit.inner if not box.inner and box.shape.y < title.shape.y]
    rest = [box for box in unit.inner if box is not title and box not in above]
    kickers = [Text(box) for box in by_rows(above) if not box.is_sign]
    yield Card(title, (*kickers, *_ordered(rest, depth + 1)))


def _title(units: Sequence[Box]) -> Box | None:
    """The box with the title of a card: a short one whose letters are stronger than all others."""
    words = [box for box in units if box.has_words and box.text[0] not in _CURRENCIES]
    found = max(words, key=lambda box: box.look, default=None)
    if found is None or not found.is_label or found.text.endswith(_NO_LABEL_END):
        return None
    is_strongest = all(found.look > box.look for box in words if box is not found)
    return found if is_strongest and len(units) > 1 else None


def _bands(units: Sequence[Box]) -> list[list[Box]]:
    """Divides the units where a line across all of them would touch none."""
    bands: list[list[Box]] = []
    bottom = 0.0
    for unit in sorted(units, key=lambda unit: (unit.shape.y, unit.shape.x)):
        slack = _SLACK * unit.shape.height
        if bands and unit.shape.y + slack < bottom:
            bands[-1].append(unit)
        else:
            bands.append([unit])
        bottom = max(bottom, unit.shape.y + unit.shape.height - slack)
    return bands


_Span = tuple[float, float]


def _extent(bands: Sequence[Sequence[Box]], at: int) -> tuple[int, list[_Span]]:
    """How far the bands from this one on have the same columns, and these."""
    columns: list[_Span] = []
    for end in range(at, len(bands)):
        merged = _with_band(columns, bands[end])
        touched = len(_with_band([], bands[end]))
        if touched < 2 or len(merged) < len(columns):
            return max(end, at + 1), columns
        columns = merged
    return len(bands), columns


def _with_band(columns: Iterable[_Span], band: Iterable[Box]) -> list[_Span]:
    """The columns, widened by the boxes; those that a box connects become one."""
    spans = [*columns]
    for box in band:
        slack = _SLACK * box.shape.width / 2
        spans.append((box.shape.x + slack, box.shape.x + box.shape.width - slack))
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _beside(bands: Sequence[Sequence[Box]], columns: Sequence[_Span], depth: int) -> Iterator[Part]:
    """The parts of what stands in columns: a column after the other, or the cells of a grid."""
    grid: list[list[Box | None]] = [[None] * len(columns) for _ in bands]
    is_grid = True
    sides: list[list[Box]] = [[] for _ in columns]
    for row, band in zip(grid, bands, strict=True):
        for box in band:
            middle = box.shape.x + box.shape.width / 2
            at = next(n for n, (_, end) in enumerate(columns) if middle <= end)
            is_grid = is_grid and row[at] is None
            row[at] = box
            sides[at].append(box)
    if not is_grid:
        for side in sides:
            yield from _ordered(side, depth + 1)
        return
    yield from _grid(grid, depth)


def _grid(rows: Sequence[Row], depth: int) -> Iterator[Part]:
    """The parts of a grid, each cell of which is a box or empty."""
    signs = [row[0] for row in rows if row[0]]
    role = Role.TEXT
    if all(box.is_sign for box in signs):
        rows = [row[1:] for row in rows]
        role = Role.ITEM if len(rows) > 1 and len(rows[0]) == 1 else Role.TEXT
    cells = [box for row in rows for box in row if box]
    if found := text_tables(rows):
        yield from found
        return
    if below := labelled_columns(rows):
        for label, boxes in below:
            yield Card(label, tuple(_ordered(boxes, depth + 1)))
        return
    for box in cells:
        if role is Role.ITEM and box.paragraphs == 1:
            yield Text(box, role)
        else:
            yield from _part(box, depth)
