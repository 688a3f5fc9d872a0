"""The shapes of a slide with their places: titles first, then the others from top to bottom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from corpus.formats.office import Element, child

_TITLES = frozenset({"title", "ctrTitle"})
# Placeholders that do not belong to the text of a slide.
_FURNITURE = frozenset({"dt", "ftr", "sldNum", "hdr"})
_MAX_SHAPES = 5000


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape with text, a table or other contents. `placeholder` is its type and index if it is
    one: ("title", ""). Coordinates are those of the slide."""

    element: Element
    placeholder: tuple[str, str] | None
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0

    @property
    def is_title(self) -> bool:
        """Whether it is the title of the slide."""
        return self.placeholder is not None and self.placeholder[0] in _TITLES


def shapes_of(tree: Element, layout: Sequence[Shape] = ()) -> list[Shape]:
    """Returns the shapes and groups below the element `p:spTree`; the shapes of a group follow it.
    A placeholder without a position has that of the layout's."""
    shapes: list[Shape] = []
    for shape in _shapes(tree, layout, (1.0, 1.0, 0.0, 0.0)):
        shapes.append(shape)
        if len(shapes) >= _MAX_SHAPES:
            break
    return sorted(shapes, key=lambda shape: (not shape.is_title, shape.y))


def inherited(shape: Shape, layout: Sequence[Shape]) -> Shape | None:
    """Returns the placeholder of a layout or master that the shape fills, None if there is none."""
    if shape.placeholder is None:
        return None
    kind, index = shape.placeholder
    by_index = [s for s in layout if s.placeholder and index and s.placeholder[1] == index]
    kinds = _TITLES if kind in _TITLES else {kind}
    by_kind = [s for s in layout if s.placeholder and s.placeholder[0] in kinds]
    return next(iter([*by_index, *by_kind]), None)


Scale = tuple[float, float, float, float]  # factors and offsets of x and y


def _shapes(tree: Element, layout: Sequence[Shape], scale: Scale) -> Iterator[Shape]:
    for each in tree:
        if each.tag == "p:grpSp":
            yield _placed(Shape(each, None), child(each, "p:grpSpPr", "a:xfrm"), scale)
            yield from _shapes(each, layout, _group_scale(each, scale))
        elif each.tag == "mc:AlternateContent":
            if (choice := child(each, "mc:Choice")) is not None:
                yield from _shapes(choice, layout, scale)
        elif each.tag in ("p:sp", "p:graphicFrame") and not _is_hidden(each):
            shape = _shape(each, layout, scale)
            if shape.placeholder is None or shape.placeholder[0] not in _FURNITURE:
                yield shape


def _shape(element: Element, layout: Sequence[Shape], scale: Scale) -> Shape:
    holder = None
    for properties in element:
        mark = child(properties, "p:nvPr", "p:ph")
        if mark is not None:
            holder = (mark.get("type", "obj"), mark.get("idx", ""))
    frame = child(element, "p:spPr", "a:xfrm")
    frame = child(element, "p:xfrm") if frame is None else frame
    found = Shape(element, holder)
    if child(frame, "a:off") is not None:
        return _placed(found, frame, scale)
    like = inherited(found, layout)
    return replace(like, element=element, placeholder=holder) if like else found


def _placed(shape: Shape, frame: Element | None, scale: Scale) -> Shape:
    (x, y), (width, height) = _pair(frame, "a:off", "x", "y"), _pair(frame, "a:ext", "cx", "cy")
    x_factor, y_factor, x_offset, y_offset = scale
    return replace(
        shape,
        x=x * x_factor + x_offset,
        y=y * y_factor + y_offset,
        width=width * x_factor,
        height=height * y_factor,
    )


def _is_hidden(element: Element) -> bool:
    names = [child(each, "p:cNvPr") for each in element]
    return any(name is not None and name.get("hidden") in ("1", "true") for name in names)


def _group_scale(group: Element, scale: Scale) -> Scale:
    """Where the coordinates inside a group lie on the slide."""
    frame = child(group, "p:grpSpPr", "a:xfrm")
    if frame is None:
        return scale
    (x, y), (width, height) = _pair(frame, "a:off", "x", "y"), _pair(frame, "a:ext", "cx", "cy")
    inner_x, inner_y = _pair(frame, "a:chOff", "x", "y")
    inner_width, inner_height = _pair(frame, "a:chExt", "cx", "cy")
    x_factor = width / inner_width if inner_width else 1.0
    y_factor = height / inner_height if inner_height else 1.0
    return (
        scale[0] * x_factor,
        scale[1] * y_factor,
        scale[2] + scale[0] * (x - inner_x * x_factor),
        scale[3] + scale[1] * (y - inner_y * y_factor),
    )


def _pair(frame: Element | None, name: str, first: str, second: str) -> tuple[float, float]:
    found = child(frame, name)
    if found is None:
        return 0.0, 0.0
    return _coordinate(found.get(first, "0")), _coordinate(found.get(second, "0"))


def _coordinate(text: str) -> float:
    try:
        return float(text[:20])
    except ValueError:
        return 0.0
