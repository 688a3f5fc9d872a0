"""The straight lines that are drawn on a page, as tables have them."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pypdfium2.raw as pdfium

_MAX_SEGMENTS = 400  # of one path
# Points that a line may be thick.
_MAX_THICKNESS = 3.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line, or a thin rectangle, as tables are drawn with. If it is a side of a larger
    shape that is only filled, such as the shade of a cell, `shape` is the left, top, right and
    bottom of that."""

    x0: float
    top: float
    x1: float
    bottom: float
    shape: tuple[float, float, float, float] | None = None

    @property
    def is_vertical(self) -> bool:
        """Whether it is rather high than wide."""
        return self.bottom - self.top > self.x1 - self.x0


def straight_lines(path: pdfium.FPDF_PAGEOBJECT) -> Iterator[Rule]:
    """Yields the straight lines of a path, along and across, in the coordinates of the file: its
    own shape if it is thin, else those of its segments."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(path, left, bottom, right, top):
        return
    box = Rule(left.value, top.value, right.value, bottom.value)
    if min(box.x1 - box.x0, box.top - box.bottom) <= _MAX_THICKNESS:
        yield box
        return
    count = pdfium.FPDFPath_CountSegments(path)
    if not 0 < count <= _MAX_SEGMENTS:
        return
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(path, matrix)
    shape = (box.x0, box.top, box.x1, box.bottom) if _is_only_filled(path) else None
    yield from (replace(line, shape=shape) for line in _segments(path, count, matrix))


def _is_only_filled(path: pdfium.FPDF_PAGEOBJECT) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    return bool(pdfium.FPDFPath_GetDrawMode(path, fill, stroke) and fill.value and not stroke.value)


def _segments(path: pdfium.FPDF_PAGEOBJECT, count: int, matrix: pdfium.FS_MATRIX) -> Iterator[Rule]:
    x, y = ctypes.c_float(), ctypes.c_float()
    last = first = (0.0, 0.0)
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield from _straight(last, point)
        last = point
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield from _straight(last, first)


def _straight(start: tuple[float, float], end: tuple[float, float]) -> Iterator[Rule]:
    (x0, x1), (y0, y1) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    if min(x1 - x0, y1 - y0) <= 1 and max(x1 - x0, y1 - y0) > _MAX_THICKNESS:
        yield Rule(x0, y1, x1, y0)
