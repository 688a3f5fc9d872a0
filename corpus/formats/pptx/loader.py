"""Loads PowerPoint files (PPTX, PPTM).

The canonical text has the slides in order, each after `<!-- slide N -->`: its title as a heading,
then its other shapes from top to bottom, with lists, tables, the data of charts and the words of
diagrams, and then its notes as paragraphs. Shapes in a frame or a group are a card whose title is a
heading; cards stand behind the notes. Text boxes in rows and columns are a table if their letters
say what its headings are. Hidden slides and comments are left out and named; pictures, icons,
dates, footers and slide numbers are left out, also those that were typed on most slides. A slide
without a title has the short text in the largest type as its heading.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import count

from corpus.formats.extracted import Extracted, NotExtracted, counted
from corpus.formats.grids import Cell, read_grid
from corpus.formats.office import Element, OfficePackage, Relationship, child
from corpus.formats.pptx.arrangement import Card, Part, Role, arranged
from corpus.formats.pptx.boxes import Box
from corpus.formats.pptx.charts import chart_table, diagram_words
from corpus.formats.pptx.shapes import Shape, inherited, shapes_of
from corpus.formats.pptx.text import look, paragraphs
from corpus.formats.pptx.text_tables import TextTable
from corpus.formats.writer import MarkdownWriter

_MAX_SLIDES = 2000
_MAX_SPAN = 200  # rows or columns of a cell
# A text that so many slides have, and half of them, is no text of these.
_MIN_REPEATED = 3
_SLIDE_NUMBER = re.compile(r"(\d{1,3})\s*(?:/|of)\s*\d{1,3}")
_MAX_TITLE = 120  # characters
_MAX_TITLE_PARAGRAPHS = 2
_MIN_SHAPES = 2
# Placeholders whose paragraphs have the bullets of the master's body.
_BODY = frozenset({"body", "obj", "tbl", "half", "quarter"})
_FILLS = frozenset({"a:solidFill", "a:gradFill", "a:pattFill", "a:blipFill"})


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the text of the file. Raises NotExtracted."""
    package = OfficePackage(raw, "ppt/presentation.xml")
    writer = MarkdownWriter(package.metadata())
    slides = list(_slides(package))
    hidden = comments = 0
    shown: list[tuple[int, _Slide, Element]] = []
    for number, part in enumerate(slides[:_MAX_SLIDES], 1):
        tree = package.xml(part)
        if tree is None:
            continue
        slide = _Slide(package, part)
        comments += slide.comments
        if tree.get("show") in ("0", "false"):
            hidden += 1
        else:
            shown.append((number, slide, tree))
    furniture = _furniture(shown)
    for number, slide, tree in shown:
        writer.place(f"slide {number}")
        slide.write(writer, tree, furniture)
    if not writer.has_words:
        raise NotExtracted(f"has no text ({counted(len(slides), 'slide')})")
    yield Extracted(writer.text(), tuple(_left_out(package, len(slides), hidden, comments)))


def _furniture(shown: Sequence[tuple[int, "_Slide", Element]]) -> frozenset[str]:
    """The texts that most slides have, such as a footer that was typed, and numbers of slides."""
    texts = [(number, text) for number, slide, tree in shown for text in slide.texts(tree)]
    counts = Counter(text for _, text in texts)
    most = max(_MIN_REPEATED, len(shown) // 2)
    numbers = {
        text
        for number, text in texts
        if (found := _SLIDE_NUMBER.fullmatch(text)) and int(found.group(1)) == number
    }
    return frozenset(text for text, count in counts.items() if count >= most) | numbers


def _title_by_looks(shapes: Sequence[Shape]) -> Shape | None:
    """The shape that is the title of a slide without one: the first in the largest type, if it is
    short and another shape follows it."""
    sizes = {id(shape): _largest_type(shape) for shape in shapes}
    found = max(shapes, key=lambda shape: sizes[id(shape)], default=None)
    if found is None or len(shapes) < _MIN_SHAPES:
        return None
    others = [sizes[id(shape)] for shape in shapes if shape is not found]
    body = child(found.element, "p:txBody")
    is_short = body is not None and len(list(paragraphs(body, ()))) <= _MAX_TITLE_PARAGRAPHS
    is_short = is_short and len(_plain(found)) <= _MAX_TITLE
    return found if is_short and sizes[id(found)] > max(others) else None


def _largest_type(shape: Shape) -> int:
    """The size of the largest letters that a shape has, in hundredths of a point; 0 if it does not
    say it."""
    sizes = [
        int(size)
        for each in shape.element.iter()
        if each.tag in ("a:rPr", "a:defRPr") and (size := each.get("sz", "")).isdigit()
    ]
    is_text = any(map(str.isalpha, _plain(shape)))
    return max(sizes, default=0) if is_text else 0


def _left_out(package: OfficePackage, slides: int, hidden: int, comments: int) -> Iterator[str]:
    if slides > _MAX_SLIDES:
        yield counted(slides - _MAX_SLIDES, "slide", f"behind slide {_MAX_SLIDES:,}")
    if hidden:
        yield counted(hidden, "hidden slide")
    if comments:
        yield counted(comments, "comment")
    if any(name.casefold().endswith("vbaproject.bin") for name in package.names()):
        yield "macros"


def _slides(package: OfficePackage) -> Iterator[str]:
    """The names of the slides' parts, in order."""
    parts = package.relationships(package.main)
    listed = child(package.xml(package.main), "p:sldIdLst")
    for each in listed if listed is not None else ():
        if part := parts.get(each.get("r:id", "")):
            yield part.target


class _Slide:
    """A slide with its layout, its master and its notes."""

    def __init__(self, package: OfficePackage, part: str) -> None:
        self._package = package
        self._parts = package.relationships(part)

    @property
    def comments(self) -> int:
        """How many comments it has."""
        trees = [self._package.xml(p.target) for p in self._parts.values() if p.kind == "comments"]
        return sum(len(tree) for tree in trees if tree is not None)

    def texts(self, tree: Element) -> set[str]:
        """Returns the texts of its shapes, but for titles."""
        return {_plain(shape) for shape in self._shapes(tree) if not shape.is_title} - {""}

    def _shapes(self, tree: Element) -> list[Shape]:
        return shapes_of(_tree_of(tree), self._layout_shapes)

    def write(self, writer: MarkdownWriter, tree: Element, furniture: Collection[str]) -> None:
        """Writes the slide and its notes, without shapes that have a text of `furniture`."""
        shapes = [shape for shape in self._shapes(tree) if _plain(shape) not in furniture]
        titles = [shape for shape in shapes if shape.is_title]
        title = None if titles else _title_by_looks(shapes)
        for shape in [title] if title else titles:
            kind = shape.placeholder[0] if shape.placeholder else ""
            writer.heading(1 if kind == "ctrTitle" else 2, _plain(shape))
        boxes = [self._box(s) for s in shapes if not s.is_title and s is not title]
        parts = arranged([box for box in boxes if box.is_filled or box.is_frame])
        cards = next((at for at, each in enumerate(parts) if isinstance(each, Card)), len(parts))
        self._write_parts(writer, parts[:cards])
        self._write_notes(writer)
        self._write_parts(writer, parts[cards:])

    def _box(self, shape: Shape) -> Box:
        body = child(shape.element, "p:txBody")
        found = list(paragraphs(body, ())) if body is not None else []
        size, is_bold = look(body, self._styles(shape)) if body is not None else (0, False)
        text = " ".join(each.text for each in found)
        is_filled = bool(text) or shape.element.tag == "p:graphicFrame"
        properties = child(shape.element, "p:spPr")
        fills = any(each.tag in _FILLS for each in properties) if properties is not None else False
        is_frame = shape.placeholder is None and (fills or not is_filled)
        return Box(shape, text, len(found), size, is_bold, is_filled, is_frame)

    def _write_parts(self, writer: MarkdownWriter, parts: Sequence[Part], level: int = 3) -> None:
        for part in parts:
            if isinstance(part, Card):
                writer.heading(level, part.title.text)
                self._write_parts(writer, part.parts, level + 1)
            elif isinstance(part, TextTable):
                writer.table(part.rows, has_header=part.has_header)
            elif part.role is Role.LABEL:
                writer.label(part.box.text)
            elif part.role is Role.ITEM:
                writer.item(part.box.text)
            elif part.box.shape.element.tag == "p:graphicFrame":
                self._write_graphic(writer, part.box.shape.element)
            elif (body := child(part.box.shape.element, "p:txBody")) is not None:
                self._write_text(writer, body, part.box.shape)

    def _write_notes(self, writer: MarkdownWriter) -> None:
        notes = next((p.target for p in self._parts.values() if p.kind == "notesSlide"), "")
        for shape in shapes_of(_tree_of(self._package.xml(notes))):
            if shape.placeholder and shape.placeholder[0] == "body":
                body = child(shape.element, "p:txBody")
                for paragraph in paragraphs(body, ()) if body is not None else ():
                    writer.paragraph(paragraph.text)

    def _write_text(self, writer: MarkdownWriter, body: Element, shape: Shape) -> None:
        found = list(paragraphs(body, self._styles(shape)))
        is_single = len(found) == 1 and found[0].number is None
        for paragraph in found:
            if paragraph.depth and not is_single:
                writer.item(paragraph.text, paragraph.depth, paragraph.number)
            else:
                writer.paragraph(paragraph.text)

    def _write_graphic(self, writer: MarkdownWriter, element: Element) -> None:
        data = child(element, "a:graphic", "a:graphicData")
        table = child(data, "a:tbl")
        if table is not None:
            found = read_grid(_grid(table))
            writer.table(found.rows, found.caption, has_header=found.has_header)
        for each in data if data is not None else ():
            if part := self._parts.get(each.get("r:id", "")):
                self._write_chart(writer, part)
            if part := self._parts.get(each.get("r:dm", "")):
                tree = self._package.xml(part.target)
                for words in diagram_words(tree) if tree is not None else ():
                    writer.item(words)

    def _write_chart(self, writer: MarkdownWriter, part: Relationship) -> None:
        tree = self._package.xml(part.target) if part.kind == "chart" else None
        if tree is not None:
            title, rows = chart_table(tree)
            writer.table(rows, title)

    def _styles(self, shape: Shape) -> Sequence[Element]:
        """The properties by level that the text of a shape inherits, the nearest first."""
        styles = []
        for shapes in (self._layout_shapes, self._master_shapes):
            if like := inherited(shape, shapes):
                styles.append(child(like.element, "p:txBody", "a:lstStyle"))
        if shape.placeholder and shape.placeholder[0] in _BODY:
            styles.append(child(self._master, "p:txStyles", "p:bodyStyle"))
        return [style for style in styles if style is not None]

    @cached_property
    def _layout_part(self) -> str:
        return next((p.target for p in self._parts.values() if p.kind == "slideLayout"), "")

    @cached_property
    def _layout_shapes(self) -> list[Shape]:
        tree = _tree_of(self._package.xml(self._layout_part))
        return shapes_of(tree, self._master_shapes)

    @cached_property
    def _master(self) -> Element | None:
        parts = self._package.relationships(self._layout_part) if self._layout_part else {}
        found = next((p.target for p in parts.values() if p.kind == "slideMaster"), "")
        return self._package.xml(found)

    @cached_property
    def _master_shapes(self) -> list[Shape]:
        return shapes_of(_tree_of(self._master))


def _tree_of(slide: Element | None) -> Element:
    found = child(slide, "p:cSld", "p:spTree")
    return found if found is not None else Element("p:spTree")


def _plain(shape: Shape) -> str:
    body = child(shape.element, "p:txBody")
    return " ".join(each.text for each in paragraphs(body, ())) if body is not None else ""


def _grid(table: Element) -> list[list[Cell]]:
    """The cells of a table; one that spans rows or columns counts in each."""
    keys = count()
    grid: list[list[Cell]] = []
    for row in (each for each in table if each.tag == "a:tr"):
        line: list[Cell] = []
        for each in (cell for cell in row if cell.tag == "a:tc"):
            above = grid[-1][len(line)] if grid and len(line) < len(grid[-1]) else None
            if each.get("hMerge") in ("1", "true") and line:
                line.append(line[-1])
            elif each.get("vMerge") in ("1", "true") and above:
                line.append(above)
            else:
                body = child(each, "a:txBody")
                texts = [p.text for p in paragraphs(body, ())] if body is not None else []
                line.append(Cell(next(keys), " ".join(texts)))
        grid.append(line[:_MAX_SPAN])
    return grid
