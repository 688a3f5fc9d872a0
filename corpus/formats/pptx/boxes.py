"""What stands on a slide as boxes: shapes with their text and its look, and frames around them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from corpus.formats.pptx.shapes import Shape

# The part of a shape that lies in a frame around it.
_MIN_INSIDE = 0.55
# A frame with more of the texts of a slide is its background.
_MAX_FRAMED = 0.75
# A frame inside another that has so much of its width is a stripe of it.
_STRIPE = 0.9
# A label in bold may be so much smaller than its text; one that is larger is so by that factor.
_SMALLER, _LARGER = 0.7, 1.15
_MAX_DEPTH = 8  # of frames inside each other
_MAX_LABEL = 80  # characters
_MIN_LETTERS = 3  # of a label; fewer are a sign or a number
# Shapes stand beside each other if they share that part of the height of the lower one.
_MIN_SHARED = 0.5


@dataclass(frozen=True, slots=True)
class Box:
    """A shape, with its text in one line, how many paragraphs it has, and the size in hundredths of
    a point and the weight of the letters it starts with. `is_filled` is whether it has text or
    other contents, `is_frame` whether it may be drawn around others, and `inner` are those."""

    shape: Shape
    text: str = ""
    paragraphs: int = 0
    size: int = 0
    is_bold: bool = False
    is_filled: bool = False
    is_frame: bool = False
    inner: list["Box"] = field(default_factory=list)

    @property
    def letters(self) -> int:
        """How many letters and digits its text has."""
        return sum(map(str.isalnum, self.text))

    @property
    def is_sign(self) -> bool:
        """Whether it shows only a sign: an icon, a check mark, an arrow."""
        return self.is_filled and not self.inner and bool(self.text) and not self.letters

    @property
    def look(self) -> tuple[int, bool]:
        """The size and the weight of its letters."""
        return self.size, self.is_bold

    @property
    def has_words(self) -> bool:
        """Whether it is a text of more than a sign or a number."""
        return not self.inner and self.letters >= _MIN_LETTERS

    @property
    def is_label(self) -> bool:
        """Whether it is as short as a label."""
        is_short = self.paragraphs == 1 and len(self.text) <= _MAX_LABEL
        return is_short and self.has_words

    def is_over(self, other: "Box") -> bool:
        """Whether its letters are stronger than those of the other."""
        if other.inner:
            return self.is_bold
        if not other.size:
            return False
        is_bolder = self.is_bold and not other.is_bold and self.size >= _SMALLER * other.size
        return is_bolder or (self.size >= _LARGER * other.size and self.is_bold >= other.is_bold)


def nested(boxes: Sequence[Box]) -> list[Box]:
    """Returns the boxes, and instead of those inside a frame the frame with them."""
    ordered = sorted(boxes, key=lambda box: box.shape.width * box.shape.height, reverse=True)
    filled = sum(box.is_filled for box in boxes)
    inner: dict[int, list[Box]] = {}
    frames: list[tuple[int, Box]] = []  # with their depths, the largest first
    roots: list[Box] = []
    for box in ordered:
        around = (each for each in reversed(frames) if _holds(each[1].shape, box.shape))
        depth, frame = next(around, (0, None))
        (inner.setdefault(id(frame), []) if frame else roots).append(box)
        if box.is_frame and depth < _MAX_DEPTH:
            frames.append((depth + 1, box))
    return [unit for box in roots for unit in _units(box, inner, filled)]


def _holds(frame: Shape, shape: Shape) -> bool:
    wide = min(frame.x + frame.width, shape.x + shape.width) - max(frame.x, shape.x)
    high = min(frame.y + frame.height, shape.y + shape.height) - max(frame.y, shape.y)
    area = shape.width * shape.height
    return area > 0 and min(wide, high) > 0 and wide * high >= _MIN_INSIDE * area


def _units(box: Box, inner: dict[int, list[Box]], filled: int) -> list[Box]:
    """The box with those inside it; these alone if it is no frame around a part of the slide."""
    within = []
    for each in inner.get(id(box), ()):
        units = _units(each, inner, filled)
        is_stripe = each.shape.width >= _STRIPE * box.shape.width
        within.extend(units[0].inner if is_stripe and units and units[0].inner else units)
    own = [replace(box, inner=[])] if box.is_filled else []
    if not within:
        return own
    if not own and len(within) == 1:
        only = within[0]
        place = box.shape
        shape = replace(only.shape, x=place.x, y=place.y, width=place.width, height=place.height)
        return [replace(only, shape=shape)]
    units = [*own, *within]
    is_background = _count(units) > max(_MAX_FRAMED * filled, 2)
    if is_background or sum(not unit.is_sign for unit in units) < 2:
        return units
    return [Box(box.shape, inner=units, is_filled=True)]


def _count(units: Iterable[Box]) -> int:
    return sum(_count(unit.inner) if unit.inner else 1 for unit in units)


def by_rows(boxes: Sequence[Box]) -> list[Box]:
    """Returns the boxes from top to bottom, and those beside each other from left to right."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box.shape.y):
        if rows and stands_beside(rows[-1][0].shape, box.shape):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda box: box.shape.x)]


def stands_beside(one: Shape, other: Shape) -> bool:
    """Whether two shapes share enough of their height."""
    shared = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    lower = min(one.height, other.height)
    return lower > 0 and shared >= _MIN_SHARED * lower
