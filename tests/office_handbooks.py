"""The handbook of `formats` as PDF, DOCX, PPTX and EPUB, made with real writers of these formats."""

import io
import zipfile
from collections.abc import Sequence
from html import escape
from typing import Any

import docx
import pptx
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Inches
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    ListFlowable,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

STYLES = getSampleStyleSheet()
GRID = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")])


class PdfHandbook:
    """The handbook as a report with a running head and page numbers, made with platypus."""

    def __init__(self, table_style: TableStyle | None = GRID, columns: int = 1) -> None:
        self._story: list[Any] = []
        self._table_style = table_style
        self._columns = columns

    def heading(self, level: int, text: str) -> None:
        if text == "Questions and answers":
            self._story.append(PageBreak())
        self._story.append(Paragraph(text, STYLES[f"Heading{level}"]))

    def paragraph(self, text: str) -> None:
        self._story += [Paragraph(text, STYLES["BodyText"]), Spacer(1, 6)]

    def items(self, items: Sequence[str]) -> None:
        self._list(items, "bullet")

    def steps(self, steps: Sequence[str]) -> None:
        self._list(steps, "1")

    def _list(self, lines: Sequence[str], kind: str) -> None:
        found = [Paragraph(line, STYLES["BodyText"]) for line in lines]
        form = {"bulletFormat": "%s."} if kind == "1" else {}
        self._story.append(ListFlowable(found, bulletType=kind, **form))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        cells = [[Paragraph(cell, STYLES["BodyText"]) for cell in row] for row in rows]
        width = (440 if self._columns == 1 else 205) / len(rows[0])
        table = Table(cells, style=self._table_style, colWidths=width)
        self._story += [table, Spacer(1, 12)]

    def question(self, question: str, answer: str) -> None:
        self.heading(3, question)
        self.paragraph(answer)

    def content(self) -> bytes:
        buffer = io.BytesIO()
        book = BaseDocTemplate(buffer, title="Staff handbook", invariant=1)
        width = book.width / self._columns - 6 * (self._columns > 1)
        frames = [
            Frame(book.leftMargin + n * (width + 12), book.bottomMargin, width, book.height)
            for n in range(self._columns)
        ]
        book.addPageTemplates([PageTemplate(frames=frames, onPage=_furniture)])
        book.build(self._story)
        return buffer.getvalue()


def _furniture(canvas: Canvas, _: object) -> None:
    canvas.drawString(72, 810, "Nordlys Lighting, internal")
    canvas.drawString(300, 20, str(canvas.getPageNumber()))


class DocxHandbook:
    """The handbook as Word would write it: styles for headings and lists."""

    def __init__(self) -> None:
        self.document = docx.Document()

    def heading(self, level: int, text: str) -> None:
        self.document.add_heading(text, level)

    def paragraph(self, text: str) -> None:
        self.document.add_paragraph(text)

    def items(self, items: Sequence[str]) -> None:
        for item in items:
            self.document.add_paragraph(item, style="List Bullet")

    def steps(self, steps: Sequence[str]) -> None:
        for step in steps:
            self.document.add_paragraph(step, style="List Number")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        table = self.document.add_table(0, len(rows[0]), "Table Grid")
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text

    def question(self, question: str, answer: str) -> None:
        self.heading(3, question)
        self.paragraph(answer)

    def content(self) -> bytes:
        return saved(self.document)


class PptxHandbook:
    """The handbook as slides: one for each heading, with the text below each other."""

    def __init__(self) -> None:
        self.presentation = pptx.Presentation()
        self._slide: Any = None
        self._top = 0.0  # inches

    def heading(self, level: int, text: str) -> None:
        layout = self.presentation.slide_layouts[0 if level == 1 else 5]
        self._slide = self.presentation.slides.add_slide(layout)
        self._slide.shapes.title.text = text
        self._top = 2.0 if level > 1 else 5.0

    def _box(self) -> Any:
        box = self._slide.shapes.add_textbox(Inches(1), Inches(self._top), Inches(8), Inches(0.5))
        self._top += 0.8
        return box.text_frame

    def paragraph(self, text: str) -> None:
        self._box().text = text

    def items(self, items: Sequence[str]) -> None:
        self._list(items, '<a:buChar {} char="•"/>')

    def steps(self, steps: Sequence[str]) -> None:
        self._list(steps, '<a:buAutoNum {} type="arabicPeriod"/>')

    def _list(self, lines: Sequence[str], bullet: str) -> None:
        frame = self._box()
        for number, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if not number else frame.add_paragraph()
            paragraph.text = line
            mark = parse_xml(bullet.format(nsdecls("a")))
            paragraph._p.get_or_add_pPr().append(mark)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        size = (Inches(1), Inches(self._top), Inches(8), Inches(1))
        table = self._slide.shapes.add_table(len(rows), len(rows[0]), *size).table
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                table.cell(row, column).text = text
        self._top += 1.5

    def question(self, question: str, answer: str) -> None:
        self.heading(3, question)
        self.paragraph(answer)

    def content(self) -> bytes:
        return saved(self.presentation)


class EpubHandbook:
    """The handbook as a book with a chapter for each heading of level 1 and 2."""

    def __init__(self) -> None:
        self._chapters: list[str] = []

    def heading(self, level: int, text: str) -> None:
        if level < 3:
            self._chapters.append("")
        self._add(f"<h{level}>{escape(text)}</h{level}>")

    def _add(self, markup: str) -> None:
        self._chapters[-1] += markup

    def paragraph(self, text: str) -> None:
        self._add(f"<p>{escape(text)}</p>")

    def items(self, items: Sequence[str]) -> None:
        self._add("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>")

    def steps(self, steps: Sequence[str]) -> None:
        self._add("<ol>" + "".join(f"<li>{escape(step)}</li>" for step in steps) + "</ol>")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        tags = ["th", *["td"] * (len(rows) - 1)]
        lines = [
            "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"
            for tag, row in zip(tags, rows, strict=True)
        ]
        self._add(f"<table>{''.join(lines)}</table>")

    def question(self, question: str, answer: str) -> None:
        self.heading(3, question)
        self.paragraph(answer)

    def content(self) -> bytes:
        return epub(self._chapters)


OPF = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata>{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"""
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"""
XHTML = """<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>
<body>{}</body></html>"""


def epub(chapters: Sequence[str], metadata: str = "", **members: str) -> bytes:
    """A book of these bodies; `members` are added, or take the place of others."""
    names = [f"c{number}.xhtml" for number in range(len(chapters))]
    kind = "application/xhtml+xml"
    items = "".join(f'<item id="{n}" href="{n}" media-type="{kind}"/>' for n in names)
    items += f'<item id="nav" href="nav.xhtml" properties="nav" media-type="{kind}"/>'
    spine = '<itemref idref="nav"/>' + "".join(f'<itemref idref="{n}"/>' for n in names)
    files = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": OPF.format(metadata=metadata, items=items, spine=spine),
        "OEBPS/nav.xhtml": XHTML.format("<nav><a href='c0.xhtml'>Contents</a></nav>"),
        **{f"OEBPS/{n}": XHTML.format(c) for n, c in zip(names, chapters, strict=True)},
        **members,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def saved(document: Any) -> bytes:
    """The bytes of a document of python-docx or python-pptx."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
