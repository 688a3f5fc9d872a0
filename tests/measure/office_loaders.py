"""How fast the loaders of PDF, DOCX, PPTX and EPUB are, beside their libraries: `make bench`.

    PYTHONPATH=tests .venv/bin/python tests/measure/office_loaders.py --libraries

also compares what libraries for PDF make of the same text: how many of its sentences and of its
rows of tables stay whole. The documents are those of the project and of the measured folders,
written in each format by a real writer of it. A library alone only returns text: no headings,
lists, tables or places.
"""

import io
import re
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import docx
import pptx
import pypdfium2
from formats import Handbook
from office_handbooks import DocxHandbook, EpubHandbook, PdfHandbook, PptxHandbook
from reportlab.pdfgen.canvas import Canvas
from selectolax.lexbor import LexborHTMLParser

from corpus.document import Block, Kind
from corpus.formats.pdf.file import PdfFile
from corpus.formats.registry import extract
from corpus.markdown import markdown_blocks
from corpus.markup import strip_markup
from corpus.sentences import sentence_spans

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("corpus/documents", "tests/measure/folders", "docs")
MIN_SENTENCE = 30  # characters of a sentence that is looked for
REPEATS = 3


def sources() -> list[str]:
    """The Markdown of all documents."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.md"))]
    return [path.read_text(encoding="utf-8") for path in paths]


def rewrite(book: Handbook, text: str) -> None:
    """Writes a Markdown text in another format."""
    blocks = [b for b in markdown_blocks(text) if b.kind is not Kind.BOILERPLATE]
    for kind, group in groupby(blocks, key=_element):
        members = list(group)
        texts = [_shown(text, block) for block in members]
        match kind:
            case "heading":
                for block, words in zip(members, texts, strict=True):
                    book.heading(min(max(block.level, 1), 3), words)
            case "items":
                book.items(texts)
            case "steps":
                book.steps(texts)
            case "table":
                book.table(_rows(text, members))
            case _:
                for words in texts:
                    book.paragraph(words)


def _element(block: Block) -> str:
    if block.kind in (Kind.HEADING, Kind.QUESTION):
        return "heading"
    if block.kind is Kind.ITEM:
        return "steps" if block.number else "items"
    return "table" if block.kind in (Kind.ROW, Kind.HEADER) else "text"


def _shown(text: str, block: Block) -> str:
    words = " ".join(strip_markup(text[block.start : block.end]).split())
    return re.sub(r"[<>&]", "", words) or "-"


def _rows(text: str, rows: Iterable[Block]) -> list[list[str]]:
    cells = [[strip_markup(text[a:b]) for a, b in row.cells] for row in rows]
    width = max(map(len, cells))
    return [row + [""] * (width - len(row)) for row in cells]


@dataclass(frozen=True)
class Measured:
    """A format: its writer, the text that a library alone returns, and what is counted."""

    suffix: str
    book: Callable[[], Any]
    library: str
    alone: Callable[[bytes], str]
    unit: str
    count: Callable[[bytes], int]


def _pdfium(raw: bytes) -> str:
    document = pypdfium2.PdfDocument(raw)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def _python_docx(raw: bytes) -> str:
    document = docx.Document(io.BytesIO(raw))
    texts = [paragraph.text for paragraph in document.paragraphs]
    texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(texts)


def _python_pptx(raw: bytes) -> str:
    texts = []
    for slide in pptx.Presentation(io.BytesIO(raw)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                texts.append(shape.text_frame.text)
            if shape.has_table:
                texts += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(texts)


def _selectolax(raw: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        pages = [archive.read(name) for name in archive.namelist() if name.endswith(".xhtml")]
    return "\n".join(LexborHTMLParser(page.decode()).body.text(separator=" ") for page in pages)


def _members(pattern: str) -> Callable[[bytes], int]:
    def count(raw: bytes) -> int:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return sum(1 for name in archive.namelist() if re.search(pattern, name))

    return count


FORMATS = (
    Measured("pdf", PdfHandbook, "pypdfium2", _pdfium, "pages", lambda raw: len(pypdfium2.PdfDocument(raw))),
    Measured("docx", DocxHandbook, "python-docx", _python_docx, "documents", lambda _: 1),
    Measured("pptx", PptxHandbook, "python-pptx", _python_pptx, "slides", _members(r"slides/slide\d+\.xml$")),
    Measured("epub", EpubHandbook, "selectolax", _selectolax, "chapters", _members(r"c\d+\.xhtml$")),
)  # fmt: skip
# Compared for PDF if they are installed; `extract` turns bytes into text.
PDF_LIBRARIES: dict[str, tuple[str, Callable[[Any, bytes], str]]] = {
    "pypdf": (
        "pypdf",
        lambda m, raw: "\n".join(p.extract_text() for p in m.PdfReader(io.BytesIO(raw)).pages),
    ),
    "pdfminer.six": ("pdfminer.high_level", lambda m, raw: m.extract_text(io.BytesIO(raw))),
    "pdfplumber": (
        "pdfplumber",
        lambda m, raw: "\n".join(p.extract_text() or "" for p in m.open(io.BytesIO(raw)).pages),
    ),
}


def loaded(suffix: str, raw: bytes) -> str:
    """The canonical text, without the marks of Markdown."""
    texts = (each.text for each in extract(f"a.{suffix}", raw))
    return "\n".join(
        strip_markup(text[b.start : b.end]) for text in texts for b in markdown_blocks(text)
    )


def timed(call: Callable[[], Any]) -> float:
    """The shortest of some runs, in seconds."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def bench_loaders() -> None:
    """Prints the speed of each loader beside that of the library alone."""
    texts = sources()
    print(f"\nLoaders of formats, on {len(texts)} documents in one file")
    for each in FORMATS:
        raw = written(each.book, texts)
        count = each.count(raw)
        name = f"a.{each.suffix}"
        ours = timed(lambda raw=raw, name=name: list(extract(name, raw)))
        alone = timed(lambda raw=raw, each=each: each.alone(raw))
        size = len(raw) / 2**20
        print(
            f"  {each.suffix:5} {count:5} {each.unit:9} {size:6.2f} MB   "
            f"loader {count / ours:8.1f} a second, {size / ours:6.2f} MB/s   "
            f"{each.library} alone {count / alone:8.1f} a second, {size / alone:6.2f} MB/s"
        )


def written(book: Callable[[], Any], texts: Iterable[str]) -> bytes:
    """One file with all texts."""
    made = book()
    for text in texts:
        rewrite(made, text)
    return bytes(made.content())


def sentences(texts: Iterable[str]) -> Iterator[str]:
    """The sentences of paragraphs and items that are long enough to be looked for."""
    for text in texts:
        for block in markdown_blocks(text):
            if block.kind in (Kind.PARAGRAPH, Kind.ITEM, Kind.ANSWER):
                words = _shown(text, block)
                found = (words[start:end] for start, end in sentence_spans(words))
                yield from (each for each in found if len(each) >= MIN_SENTENCE)


def table_rows(texts: Iterable[str]) -> Iterator[str]:
    """The rows of tables, as their cells one after the other."""
    for text in texts:
        for block in markdown_blocks(text):
            if block.kind is Kind.ROW:
                yield " ".join(strip_markup(text[a:b]) for a, b in block.cells)


def whole(wanted: Iterable[str], text: str) -> float:
    """The part of the texts that is found in one piece, whatever the white space."""
    squeezed = _squeezed(text)
    found = [_squeezed(each) in squeezed for each in wanted]
    return sum(found) / len(found)


def _squeezed(text: str) -> str:
    """The text without white space, and without what `rewrite` leaves out."""
    return re.sub(r"[\s|<>&]+", "", text)


def redrawn(raw: bytes) -> bytes:
    """The same pages with each line of words drawn from edge to edge across the columns, as some
    programs do; without the lines of tables."""
    file, buffer = PdfFile(raw), io.BytesIO()
    canvas = Canvas(buffer)
    for page in file.pages():
        for word in sorted(page.words, key=lambda each: (round(each.bottom), each.x0)):
            canvas.setFont("Helvetica-Bold" if word.is_bold else "Helvetica", word.size)
            baseline = page.height - word.bottom + 0.21 * word.size
            canvas.drawString(word.x0, baseline, word.text)
        canvas.showPage()
    canvas.save()
    file.close()
    return buffer.getvalue()


def compare_pdf() -> None:
    """Prints what libraries and the loader make of the same text as PDF."""
    texts = sources()
    one = written(PdfHandbook, texts)
    two = written(lambda: PdfHandbook(columns=2), texts)
    for what, raw in (
        ("one column", one),
        ("two columns", two),
        ("two columns, drawn line by line, tables without lines", redrawn(two)),
    ):
        pages = len(pypdfium2.PdfDocument(raw))
        print(f"\nPDF with {pages} pages: {what}")
        ways: dict[str, Callable[[], str]] = {"the loader": lambda raw=raw: loaded("pdf", raw)}
        ways["pypdfium2"] = lambda raw=raw: _pdfium(raw)
        for name, (module, call) in PDF_LIBRARIES.items():
            try:
                found = import_module(module)
            except ImportError:
                print(f"  {name} is not installed: pip install {name}")
                continue
            ways[name] = lambda raw=raw, found=found, call=call: call(found, raw)
        for name, way in ways.items():
            began = time.perf_counter()
            text = way()
            seconds = time.perf_counter() - began
            print(
                f"  {name:13} sentences whole {whole(sentences(texts), text):6.1%}   rows whole "
                f"{whole(table_rows(texts), text):6.1%}   running heads in the text "
                f"{text.count('Nordlys Lighting, internal'):4}   {pages / seconds:6.1f} pages/s"
            )


if __name__ == "__main__":
    bench_loaders()
    if "--libraries" in sys.argv[1:]:
        compare_pdf()
