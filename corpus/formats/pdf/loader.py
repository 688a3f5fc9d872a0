"""Loads PDF files.

The canonical text has the pages in order, each after `<!-- page N -->`. Text is read column by
column; words that a line divides are joined, and so are paragraphs across lines, columns and pages
(such a paragraph counts to the page on which it starts). Headings are found by the outline of the
file and by their font. Lists, tables (drawn or aligned) and code keep their structure. Running
heads, feet, page numbers and tables of contents are left out, and so are pictures: a page that has
no text is named.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing

from corpus.formats.extracted import Extracted, NotExtracted, counted
from corpus.formats.pdf.blocks import BlockBuilder, Form, TextBlock, depths, usual_look
from corpus.formats.pdf.characters import Page
from corpus.formats.pdf.contents import without_contents
from corpus.formats.pdf.file import PdfFile
from corpus.formats.pdf.furniture import without_furniture
from corpus.formats.pdf.headings import heading_levels
from corpus.formats.pdf.layout import reading_order
from corpus.formats.pdf.pieces import Piece, pieces
from corpus.formats.pdf.rules import Rule
from corpus.formats.pdf.tables import ruled_tables
from corpus.formats.pdf.words import Vocabulary
from corpus.formats.writer import MarkdownWriter

_NO_TEXT = "has no text ({}); it may be scanned: save it with recognised text"


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the text of the file. Raises NotExtracted."""
    with closing(PdfFile(raw)) as file:
        contents = _Contents(file)
        left_out = list(contents.left_out())
        if not contents.has_text:
            raise NotExtracted(_NO_TEXT.format(counted(file.page_count, "page")))
        blocks, dropped = contents.blocks()
        levels = heading_levels(blocks, file.outline(), contents.look)
        writer = MarkdownWriter(file.metadata())
        _write(writer, blocks, levels)
        if not writer.has_words:
            raise NotExtracted(_NO_TEXT.format(counted(file.page_count, "page")))
        yield Extracted(writer.text(), (*left_out, *dropped))


class _Contents:
    """The pieces and rules of all pages of a file."""

    def __init__(self, file: PdfFile) -> None:
        self.pages, self.skipped_pages = file.page_count, file.skipped_pages
        self.pieces: list[list[Piece]] = []
        self.rules: list[tuple[Rule, ...]] = []
        self.heights: list[float] = []
        self.pictures = self.slanted = 0
        self.words = Vocabulary()
        for page in file.pages():
            self._add(page)
        self.look = usual_look(self.pieces)
        self.has_text = any(self.pieces)

    def _add(self, page: Page) -> None:
        found = pieces(page)
        for piece in found:
            self.words.add(piece.text)
        self.pieces.append(found)
        self.rules.append(page.rules)
        self.heights.append(page.height)
        self.pictures += page.has_pictures and not page.words
        self.slanted += page.slanted

    def left_out(self) -> Iterator[str]:
        """What of the file is not read."""
        if self.skipped_pages:
            last = self.pages - self.skipped_pages
            yield counted(self.skipped_pages, "page", f"behind page {last:,}")
        if self.pictures:
            yield counted(self.pictures, "page", "without text (scanned)")
        if self.slanted:
            yield counted(self.slanted, "word", "printed at a slant")

    def blocks(self) -> tuple[list[TextBlock], list[str]]:
        """Returns the blocks of all pages, and what was dropped."""
        bodies, unique = without_furniture(self.pieces, self.heights, self.look.size)
        bodies, contents = without_contents(bodies)
        builder = BlockBuilder(self.look, self.words.join)
        for page, (body, rules) in enumerate(zip(bodies, self.rules, strict=True), 1):
            tables, rest = ruled_tables(rules, body, self.words.join, builder.open_table(page))
            for element in reading_order(rest, tables, self.words.join):
                builder.add(element)
        dropped = []
        if unique:
            dropped.append(counted(unique, "line", "above or below the text of a page"))
        if contents:
            dropped.append(counted(contents, "line", "of a table of contents"))
        return builder.blocks(), dropped


def _write(writer: MarkdownWriter, blocks: Sequence[TextBlock], levels: dict[int, int]) -> None:
    number = 0
    for at, (block, depth) in enumerate(zip(blocks, depths(blocks), strict=True)):
        writer.place(f"page {block.page}")
        if block.table:
            table = block.table.table
            writer.table(table.rows, table.caption, has_header=table.has_header)
        elif at in levels:
            numbered = f"{block.mark}{block.text}" if block.number is not None else block.text
            writer.heading(levels[at], numbered)
        elif block.form is Form.ITEM:
            number = block.number or number
            writer.item(block.text, depth, block.number)
        elif block.form is Form.CODE:
            writer.code(block.text)
        else:
            writer.paragraph(block.text)
