"""HTML pages: the canonical text is the main content of the page, in the order of the source.

    headings, paragraphs, lists, code      the same in Markdown; a paragraph in bold is a label
    tables                                 a cell that spans rows or columns is in each of them
    <details>, questions in microdata      a part with a summary
    <dl>                                   a term with its definition; a term that asks, as above
    FAQPage in JSON-LD                     the same, at the end, unless the page shows them
    title, date, author, address, language front matter, from <meta>, <link>, <time> and JSON-LD

Navigation, headers, footers, dialogs, forms, hidden parts, scripts and styles are not read; a part
that a button of the page shows is. Nothing that the page names is opened.
"""

import codecs
import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborHTMLParser

from corpus.formats.encodings import decode_mixed, decode_text
from corpus.formats.extracted import Extracted, NotExtracted
from corpus.formats.html.blocks import BlockWriter
from corpus.formats.html.confluence import take_export
from corpus.formats.html.page import main_content, metadata_of, shown_by_buttons
from corpus.formats.html.questions import structured_data, structured_questions
from corpus.formats.writer import MarkdownWriter
from corpus.metadata import joined

_DECLARED = re.compile(
    rb"<meta\b[^<>]{0,200}\bcharset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_HEAD = 4096  # bytes in which the encoding is declared
_MAX_ZEROS = 0.05  # share of the bytes; UTF-16 has more
# The parser takes time quadratic in the depth of elements. Those that close themselves are no
# deeper than they are closed.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_FLAT = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th "
    "option tbody thead tfoot html head body".split()
)
_MAX_DEPTH = 2000


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the page. Raises NotExtracted if it is no text or too deep."""
    source = _decode(raw)
    _check_depth(source)
    yield Extracted(canonical_text(source))


def canonical_text(source: str) -> str:
    """Returns the canonical text of a page's source, "" if it has no content."""
    page = LexborHTMLParser(source)
    exported = take_export(page)
    data = structured_data(page)
    content = main_content(page)
    if content is None:
        return ""
    metadata = metadata_of(page, source, data, content)
    writer = MarkdownWriter(joined(exported, metadata) if exported else metadata)
    if exported:
        if not content.text().strip():
            return ""
        writer.heading(1, exported.title)
    blocks = BlockWriter(writer, shown_by_buttons(page))
    blocks.write(content)
    for question, answer in structured_questions(data):
        if not blocks.has_written(question):
            blocks.write_question(question, LexborHTMLParser(answer).body)
    return writer.text()


def write_fragment(
    writer: MarkdownWriter, source: str, titles: Mapping[str, int] | None = None
) -> None:
    """Writes a piece of HTML, such as the body of a message: all of it but what is hidden. `titles`
    are paragraphs that are headings, with their level. Raises NotExtracted if it is too deep."""
    _check_depth(source)
    body = LexborHTMLParser(source).body
    if body is not None:
        BlockWriter(writer, titles=titles).write(body)


def _decode(raw: bytes) -> str:
    """The text in its declared encoding, unless it is valid UTF-8 or has a byte-order mark."""
    declared = _DECLARED.search(raw[:_HEAD])
    if declared and not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            name = declared.group(1).decode("ascii", "replace")
            # Browsers take these for Windows-1252.
            legacy = "cp1252" if name.lower() in ("iso-8859-1", "latin1", "us-ascii") else name
            try:
                if codecs.lookup(legacy).name == "utf-8":
                    return decode_mixed(raw)
                return raw.decode(legacy, errors="replace")
            except (LookupError, UnicodeError):  # unknown, or no encoding of text
                pass
    if raw.count(0) < _MAX_ZEROS * len(raw):  # browsers ignore single ones
        raw = raw.replace(b"\x00", b"")
    return decode_text(raw)


def _check_depth(source: str) -> None:
    """Raises NotExtracted if elements are nested too deep."""
    depth = 0
    for tag in _TAG.finditer(source):
        if tag.group(2).lower() not in _FLAT:
            depth = max(depth - 1, 0) if tag.group(1) else depth + 1
            if depth > _MAX_DEPTH:
                raise NotExtracted(f"has elements that are nested {_MAX_DEPTH:,} deep")
