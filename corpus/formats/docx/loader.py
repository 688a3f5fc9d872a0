"""Loads Word files (DOCX, DOCM).

The canonical text has the body in the order of the document: headings by their styles or outline
levels, with the numbers that Word shows; lists with their numbers and depths; tables, in which a
merged cell counts in each of its rows and columns; text boxes behind the paragraph in which they
are anchored; footnotes and endnotes behind the block that refers to them. Tracked insertions are
read and deletions are not; of fields the results. Headers, footers, comments, pictures, macros and
tables of contents are left out. A short paragraph in bold is a label; in a document without
heading styles it is a heading, and so is one in a larger font.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from corpus.formats.docx.numbering import ListMark, Numbering
from corpus.formats.docx.styles import Style, Styles, heading_level, number
from corpus.formats.docx.tables import grid_of, has_header, inside, rows_of
from corpus.formats.docx.text import ParagraphText, paragraph_text
from corpus.formats.extracted import Extracted, NotExtracted, counted
from corpus.formats.grids import Table, read_grid
from corpus.formats.office import Element, OfficePackage, child, value
from corpus.formats.writer import MarkdownWriter

# What may stand around paragraphs and tables.
_WRAPPERS = frozenset(
    "w:sdt w:sdtContent w:customXml w:ins w:moveTo w:smartTag mc:AlternateContent mc:Choice".split()
)
_CONTENTS = re.compile(r"table of (?:contents|figures)", re.IGNORECASE)
_TYPED_MARK = re.compile(r"(?:[•◦▪●○■·*–-]|(\d{1,3})[.)])\s+(?=\S)")
_ENTRY_END = re.compile(r"[.:;!?)\d]$")
_MAX_LABEL = 120  # characters
_MAX_HEADING = 200  # characters; a longer sentence is a paragraph whatever its style
_MIN_QUESTIONS = 3  # paragraphs with a text below them, from which on they are questions
_SENTENCE_END = re.compile(r"[.,;:…!]$")
_LARGER = 1.1  # than the text is a heading
# A table whose cells hold more characters on average lays out text.
_MAX_CELL_CHARS = 600


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the text of the file. Raises NotExtracted."""
    package = OfficePackage(raw, "word/document.xml")
    document = _Document(package)
    body = child(package.xml(package.main), "w:body")
    if body is not None:
        document.read(body)
    writer = MarkdownWriter(package.metadata())
    _write(writer, document.blocks)
    if not (text := writer.text()):
        raise NotExtracted("contains no text")
    yield Extracted(text, tuple(document.left_out()))


@dataclass(slots=True)
class _Block:
    """A paragraph, or a table. `level` is that of a heading; `is_label` is whether it may be one
    by its looks, and `size` its font size in half points."""

    text: str = ""
    level: int = 0
    mark: ListMark | None = None
    depth: int = 0  # of the item that a paragraph belongs to
    is_label: bool = False
    is_title: bool = False
    is_code: bool = False
    size: int = 0
    table: Table | None = None
    has_header: bool = True


@dataclass
class _Document:
    """Collects the blocks of a document."""

    package: OfficePackage
    blocks: list[_Block] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts = self.package.relationships(self.package.main).values()
        found = {part.kind: part.target for part in parts}
        self._styles = Styles(self.package.xml(found.get("styles", "word/styles.xml")))
        self._numbering = Numbering(self.package.xml(found.get("numbering", "word/numbering.xml")))
        self._parts = found
        self._notes: dict[tuple[str, str], Element] | None = None
        self._depth = 0  # of the last item
        self._contents = 0

    def left_out(self) -> Iterator[str]:
        """What of the file is not read."""
        if self._contents:
            yield counted(self._contents, "line", "of a table of contents")
        comments = self.package.xml(self._parts.get("comments", ""))
        if comments is not None and len(comments):
            yield counted(len(comments), "comment")
        if any(name.casefold().endswith("vbaproject.bin") for name in self.package.names()):
            yield "macros"

    def read(self, element: Element) -> None:
        """Adds the paragraphs and tables in an element, in order."""
        for each in element:
            if each.tag == "w:p":
                self._paragraph(each)
            elif each.tag == "w:tbl":
                self._table(each)
            elif each.tag == "w:sdt" and _is_contents(each):
                self._contents += sum(1 for part in each.iter() if part.tag == "w:p")
            elif each.tag in _WRAPPERS:
                self.read(each)

    def _paragraph(self, element: Element) -> None:
        properties = child(element, "w:pPr")
        style = self._styles[value(properties, "w:pStyle")]
        found = paragraph_text(element, self._styles, style)
        if style.is_contents:
            self._contents += bool(found.text)
            return
        if found.text:
            self._text(found, properties, style)
        for box in found.boxes:
            self.read(box)
        for note in found.notes:
            self._note(note)

    def _text(self, found: ParagraphText, properties: Element | None, style: Style) -> None:
        level = heading_level(properties, style)
        mark = self._mark(properties, style)
        is_paragraph = len(found.text) > _MAX_HEADING and _SENTENCE_END.search(found.text)
        if (level or style.is_title) and not is_paragraph:
            label = f"{mark.label} " if mark and mark.label else ""
            self._add(_Block(label + found.text, level or 1, is_title=style.is_title and not level))
        elif style.is_code:
            self._add(_Block("\n".join(found.lines), is_code=True))
        elif mark:
            asks = found.lines[0].endswith("?")
            question, answer = (found.lines[0], found.lines[1:]) if asks else (found.text, [])
            self._add(_Block(question, mark=mark))
            self._depth = mark.depth
            for line in answer:
                self._add(_Block(line, depth=mark.depth))
        else:
            is_inside = self._depth and re.match(r"(?i)list continue", style.name)
            for line in _divided(found.lines):
                self._plain_line(line, found, self._depth if is_inside else 0)

    def _plain_line(self, line: str, found: ParagraphText, depth: int) -> None:
        """A paragraph without a list of its own; a mark that was typed makes it an item."""
        if typed := _TYPED_MARK.match(line):
            count = typed.group(1)
            mark = ListMark(1, int(count) if count else None)
            self._add(_Block(line[typed.end() :], mark=mark))
            return
        is_label = (
            len(found.lines) == 1 and len(line) <= _MAX_LABEL and not _SENTENCE_END.search(line)
        )
        is_label = is_label and any(map(str.isalpha, line))
        self._add(
            _Block(line, depth=depth, is_label=is_label and found.is_bold, size=found.size)
            if is_label
            else _Block(line, depth=depth)
        )

    def _mark(self, properties: Element | None, style: Style) -> ListMark | None:
        direct = child(properties, "w:numPr")
        list_id, level = style.list_id, style.list_level
        if direct is not None:
            list_id = value(direct, "w:numId") or list_id
            level = (
                number(value(direct, "w:ilvl")) if child(direct, "w:ilvl") is not None else level
            )
        return self._numbering.next(list_id, level) if list_id else None

    def _table(self, element: Element) -> None:
        rows = rows_of(element)
        cells = [cell for row in rows for cell in inside(row, "w:tc")]
        if len(cells) == len(rows) or len(rows) == 1:
            for cell in cells:  # a frame, or columns of text
                self.read(cell)
            return
        notes: list[tuple[str, str]] = []
        grid = grid_of(element, lambda cell: self._cell(cell, notes))
        texts = {cell.key: cell.text for row in grid for cell in row if cell.text}
        if sum(map(len, texts.values())) > _MAX_CELL_CHARS * len(texts):
            for cell in cells:
                self.read(cell)
            return
        table = read_grid(grid)
        if table.rows:
            shown = table.has_header and has_header(element)
            self._add(_Block(table=table, has_header=shown))
        for note in notes:
            self._note(note)

    def _cell(self, element: Element, notes: list[tuple[str, str]]) -> str:
        """The text of a cell; that of inner tables follows in the same order."""
        texts = []
        for each in element.iter():
            if each.tag == "w:p":
                style = self._styles[value(each, "w:pPr", "w:pStyle")]
                found = paragraph_text(each, self._styles, style)
                texts.append(found.text)
                notes.extend(found.notes)
        return " ".join(text for text in texts if text)

    def _note(self, note: tuple[str, str]) -> None:
        """Adds the paragraphs of a footnote or endnote."""
        if self._notes is None:
            self._notes = {}
            for kind in ("footnotes", "endnotes"):
                tree = self.package.xml(self._parts.get(kind, ""))
                for each in tree if tree is not None else ():
                    self._notes[kind, each.get("w:id", "")] = each
        element = self._notes.pop(note, None)  # a note that refers to itself is read once
        depth = self._depth
        for paragraph in element.iter() if element is not None else ():
            if paragraph.tag == "w:p":
                style = self._styles[value(paragraph, "w:pPr", "w:pStyle")]
                found = paragraph_text(paragraph, self._styles, style)
                if found.text:
                    self.blocks.append(_Block(found.text, depth=depth))

    def _add(self, block: _Block) -> None:
        self.blocks.append(block)
        if not block.mark and not block.depth:
            self._depth = 0


def _is_contents(element: Element) -> bool:
    gallery = value(element, "w:sdtPr", "w:docPartObj", "w:docPartGallery")
    return bool(_CONTENTS.fullmatch(gallery))


def _divided(lines: Sequence[str]) -> list[str]:
    """The lines of a paragraph, joined to one unless its breaks separate sentences or entries."""
    ends = any(_ENTRY_END.search(line) for line in lines[:-1])
    marks = all(map(_TYPED_MARK.match, lines))
    starts = not any(line[:1].islower() for line in lines[1:])
    return list(lines) if starts and (ends or marks) else [" ".join(lines)]


def _place_inside(blocks: Sequence[_Block]) -> None:
    """Gives paragraphs between two items the depth of the first, if the second counts on."""
    numbers: dict[int, int] = {}  # of the last items, by depth
    waiting: list[_Block] = []
    last = 0  # the depth of the last item
    for block in blocks:
        if block.mark:
            depth, count = block.mark.depth, block.mark.number
            goes_on = count is not None and numbers.get(depth) == count - 1
            for paragraph in waiting if goes_on else ():
                paragraph.depth = last
            numbers = {at: n for at, n in numbers.items() if at < depth}
            numbers |= {depth: count} if count is not None else {}
            waiting, last = [], depth
        elif block.table or block.level or block.is_label or block.is_code:
            waiting, last, numbers = [], 0, {}
        elif last:
            waiting.append(block)


def _correct_labels(blocks: Sequence[_Block]) -> None:
    """Makes labels of short paragraphs that ask, if text without a question follows several; those
    at the end of the document name nothing and are paragraphs."""
    asking = [
        block
        for block, below in pairwise(blocks)
        if _is_plain_question(block) and not below.level and not below.text.endswith("?")
    ]
    for block in asking if len(asking) >= _MIN_QUESTIONS else ():
        block.is_label = True
    for block in reversed(blocks):
        if not block.is_label:
            break
        block.is_label, block.size = False, 0


def _is_plain_question(block: _Block) -> bool:
    is_plain = not (block.level or block.mark or block.depth or block.table or block.is_code)
    return is_plain and block.text.endswith("?") and len(block.text) <= _MAX_LABEL


def _write(writer: MarkdownWriter, blocks: Sequence[_Block]) -> None:
    _place_inside(blocks)
    _correct_labels(blocks)
    levels = _levels_by_looks(blocks) if not any(block.level for block in blocks) else {}
    shift = int(any(block.is_title for block in blocks))
    code: list[str] = []
    for at, block in enumerate([*blocks, _Block()]):
        if block.is_code:
            code.append(block.text)
            continue
        if code:
            writer.code("\n".join(code))
            code = []
        if block.table:
            writer.table(block.table.rows, block.table.caption, has_header=block.has_header)
        elif block.level or at in levels:
            writer.heading(
                levels.get(at, block.level + (0 if block.is_title else shift)), block.text
            )
        elif block.mark:
            writer.item(block.text, block.mark.depth, block.mark.number)
        elif block.is_label:
            writer.label(block.text)
        else:
            writer.paragraph(block.text, block.depth)


def _levels_by_looks(blocks: Sequence[_Block]) -> dict[int, int]:
    """The levels of the paragraphs that are headings by their size and weight."""
    sizes = Counter[int]()
    for block in blocks:
        sizes[block.size] += len(block.text) * (block.size > 0)
    usual = max(sizes, key=lambda size: (sizes[size], -size), default=0)
    found = {
        at: (block.size, block.is_label)
        for at, block in enumerate(blocks)
        if block.is_label or (block.size > _LARGER * usual > 0)
    }
    ranks = sorted(set(found.values()), key=lambda style: (-style[0], not style[1]))
    return {at: ranks.index(style) + 1 for at, style in found.items()}
