"""Which loader reads which file: by its suffix, corrected by its first bytes if these are clear.

A format is registered by one entry of `_FORMATS`. Its module is imported when the first file of the
format is loaded: the libraries of all loaders together take a second and 100 MB.
"""

import importlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from corpus.formats.extracted import Extracted, NotExtracted

# Incremented when a loader gives another text for a file that it could read before. Files are then
# extracted again; until then, a file that has not changed is not.
FORMATS_VERSION = 4
# What is loaded without a loader: the decoded file is the text.
TEXT_SUFFIXES = frozenset({".md", ".markdown", ".txt"})


@dataclass(frozen=True, slots=True)
class Format:
    """`name` is shown to users. `module` is that of the loader in this package. A format `is_text`
    if its files are text, which has no signature."""

    name: str
    module: str
    suffixes: tuple[str, ...]
    is_text: bool = False


_FORMATS: tuple[Format, ...] = (
    Format("AsciiDoc", "asciidoc", (".adoc", ".asciidoc"), is_text=True),
    Format("Confluence", "confluence", (".xml",), is_text=True),
    Format("CSV", "csv", (".csv", ".tsv"), is_text=True),
    Format("DOCX", "docx.loader", (".docx", ".docm")),
    Format("e-mail", "mail", (".eml", ".mbox", ".mbx"), is_text=True),
    Format("EPUB", "epub", (".epub",)),
    Format("HTML", "html.loader", (".htm", ".html", ".xhtml"), is_text=True),
    Format("JSON", "data", (".json", ".jsonl", ".ndjson"), is_text=True),
    Format("notebook", "notebook", (".ipynb",), is_text=True),
    Format("PDF", "pdf.loader", (".pdf",)),
    Format("PPTX", "pptx.loader", (".pptx", ".pptm", ".ppsx")),
    Format("reStructuredText", "rst", (".rst", ".rest"), is_text=True),
    Format("transcript", "transcripts", (".srt", ".vtt"), is_text=True),
    Format("XLSX", "xlsx", (".xlsx", ".xlsm")),
    Format("YAML", "data", (".yaml", ".yml"), is_text=True),
    Format("ZIP", "archive", (".zip",)),
)
_BY_SUFFIX = {suffix: each for each in _FORMATS for suffix in each.suffixes}
_BY_NAME = {each.name: each for each in _FORMATS}
SUFFIXES = TEXT_SUFFIXES.union(_BY_SUFFIX)

# The format of a ZIP file by a member that it must have.
_MEMBERS = {
    "word/document.xml": "DOCX",
    "ppt/presentation.xml": "PPTX",
    "xl/workbook.xml": "XLSX",
    "META-INF/container.xml": "EPUB",
    "content.xml": "OpenDocument",
}
_NUMBER = re.compile(r"\d{1,3}(?=\.xml$)")
_OLE = "Office 97–2003, or encrypted"
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
)
_MAX_ERROR_CHARS = 200
_BINARY = re.compile(rb"^PK|[\x00-\x08\x0e-\x1f\x7f]")  # what no text starts with or contains
_WINDOW = 1024  # bytes at the start of a file that a signature is looked for in


def has_text_suffix(name: str) -> bool:
    """Whether the decoded file is its text: Markdown or plain text, also inside an archive. The
    text of any other document is canonical, see `corpus.formats`."""
    return _suffix(name) in TEXT_SUFFIXES


def format_name(name: str) -> str:
    """Returns the name of the format that the suffix of a file says, "" if it is not supported."""
    suffix = _suffix(name)
    if suffix in TEXT_SUFFIXES:
        return "text" if suffix == ".txt" else "Markdown"
    return _BY_SUFFIX[suffix].name if suffix in _BY_SUFFIX else ""


def signature_fault(name: str, head: bytes) -> str:
    """Returns why a file that starts with `head`, its first kilobyte, is not of the format that
    its suffix says: "is no PDF file"; "" if it may be. Text has no signature."""
    said = _BY_SUFFIX.get(_suffix(name))
    if said is None or said.is_text:
        return ""
    has_signature = b"%PDF-" in head if said.name == "PDF" else head.startswith(b"PK")
    return "" if has_signature else f"is no {said.name} file, or is encrypted"


def extract(name: str, raw: bytes) -> Iterator[Extracted]:
    """Yields the documents in a file whose suffix is registered, or that is of a registered format
    whatever its suffix. Raises NotExtracted, also for what a library raises at a damaged file."""
    said = _BY_SUFFIX.get(_suffix(name))
    found = sniff(raw) or ("CSV" if said and _is_text_for(said, raw) else "")
    is_other = bool(found) and (said is None or said.name != found)
    if is_other and found in _BY_NAME and not _is_inside(said, found):
        yield Extracted("", (f"is {found}, in spite of its suffix",))
        yield from _load(_BY_NAME[found], raw)
    elif is_other and found not in _BY_NAME:
        kind = found if said is None or said.is_text else f"not {said.name} but {found}"
        remedy = "; save a copy in the current format without a password" if found == _OLE else ""
        raise NotExtracted(f"is {kind}, which cannot be read{remedy}")
    elif said is None:
        raise NotExtracted("is of a format that cannot be read")
    else:
        yield from _load(said, raw)


def sniff(raw: bytes) -> str:
    """Returns the format of the content if its first bytes say it, also one that is not supported;
    "" if it may be anything."""
    for signature, name in _SIGNATURES:
        if raw.startswith(signature):
            return name
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(raw)
    head = raw[:_WINDOW].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"%pdf-"):
        return "PDF"
    return "HTML" if head.startswith((b"<!doctype html", b"<html")) else ""


def _is_text_for(said: Format, raw: bytes) -> bool:
    """Whether a file that is called a workbook is text with delimiters, as Excel opens it too."""
    head = raw[:_WINDOW]
    has_delimiter = any(mark in head for mark in (b",", b";", b"\t"))
    return said.name == "XLSX" and has_delimiter and not _BINARY.search(head)


def _zip_format(raw: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            # Some programs number the main part: "word/document2.xml".
            members = {_NUMBER.sub("", name) for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ""  # the loader says what is wrong with it
    return next((name for member, name in _MEMBERS.items() if member in members), "ZIP")


def _is_inside(said: Format | None, found: str) -> bool:
    """Whether the content is no contradiction: a text format may contain HTML."""
    return said is not None and said.is_text and found == "HTML"


def _load(format_: Format, raw: bytes) -> Iterator[Extracted]:
    loader = importlib.import_module(f"corpus.formats.{format_.module}")
    try:
        yield from loader.load(raw)
    except (NotExtracted, MemoryError):
        raise
    except Exception as error:  # libraries raise anything at a damaged file
        what = f"{type(error).__name__}: {str(error)[:_MAX_ERROR_CHARS]}"
        raise NotExtracted(f"is damaged, or no {format_.name} ({what})") from error


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()
