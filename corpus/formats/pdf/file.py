"""Opens a PDF with PDFium: its pages, its outline, and what it says of itself."""

import ctypes
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from corpus.formats.extracted import NotExtracted
from corpus.formats.pdf.characters import Page, read_page
from corpus.formats.properties import day, document_title, person
from corpus.metadata import Metadata

MAX_PAGES = 2000
_MAX_OUTLINE = 5000  # entries
_FAULTS = {
    pdfium.FPDF_ERR_PASSWORD: "is encrypted with a password; save it without one",
    pdfium.FPDF_ERR_SECURITY: "is encrypted in a way that is not supported; save it without",
}
# A page that only says so stands around a document that rights management has encrypted.
_WRAPPED = re.compile(rb"/AFRelationship\s*/EncryptedPayload")
_PROTECTED = "is encrypted by rights management (a sensitivity label); save it without protection"


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """An entry of the outline: its level from 1, its title and the number of its page."""

    level: int
    title: str
    page: int


class PdfFile:
    """An open PDF. Raises NotExtracted if it cannot be opened."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._document = pypdfium2.PdfDocument(raw)
        except pypdfium2.PdfiumError as error:
            reason = _FAULTS.get(error.err_code, "is damaged, or is no PDF")
            raise NotExtracted(reason) from error
        if _WRAPPED.search(raw):
            self.close()
            raise NotExtracted(_PROTECTED)
        self.page_count = len(self._document)
        self.skipped_pages = max(0, self.page_count - MAX_PAGES)

    def close(self) -> None:
        """Frees the memory of the file."""
        self._document.close()

    def pages(self) -> Iterator[Page]:
        """Yields the pages, MAX_PAGES at most; a damaged page is one without words."""
        for index in range(min(self.page_count, MAX_PAGES)):
            try:
                page = self._document[index]
            except pypdfium2.PdfiumError:
                yield Page(index + 1, 0.0, 0.0, (), (), has_pictures=True)
                continue
            with closing(page), closing(page.get_textpage()) as text:
                yield read_page(index + 1, page, text)

    def metadata(self) -> Metadata:
        """Returns what the file says of itself."""
        facts = self._document.get_metadata_dict(skip_empty=True)
        return Metadata(
            title=document_title(facts.get("Title", "")),
            author=person(facts.get("Author", "")),
            date=day(facts.get("ModDate", "")) or day(facts.get("CreationDate", "")),
            language=_language(self._document),
        )

    def outline(self) -> list[OutlineEntry]:
        """Returns the entries of the outline that lead to a page."""
        entries = []
        for bookmark in self._document.get_toc(max_depth=6):
            target = bookmark.get_dest()
            page = target.get_index() if target else None
            if page is not None:
                entries.append(OutlineEntry(bookmark.level + 1, bookmark.get_title(), page + 1))
            if len(entries) >= _MAX_OUTLINE:
                break
        return entries


def _language(document: pypdfium2.PdfDocument) -> str:
    length = pdfium.FPDFCatalog_GetLanguage(document.raw, None, 0)
    if not 2 < length < 100:
        return ""
    buffer = (ctypes.c_ushort * (length // 2))()
    pdfium.FPDFCatalog_GetLanguage(document.raw, buffer, length)
    code = bytes(buffer)[: length - 2].decode("utf-16-le", "replace")
    return code if re.fullmatch(r"[A-Za-z]{2,3}(?:-\w{2,8})*", code) else ""
