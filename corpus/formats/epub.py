"""Loads EPUB books.

The canonical text has the chapters in the order of the book (its spine), each after
`<!-- chapter N -->`, as the HTML loader reads their bodies. The title of the book is its first
heading; the headings of the chapters are below it. A paragraph that the table of contents names is
a heading, and so is the name of a chapter that has none. The table of contents itself and what the
book marks as not part of its reading order are left out. Nothing outside the file is opened, and of
the file only what the book lists.
"""

import posixpath
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from corpus.formats.encodings import decode_text
from corpus.formats.epub_contents import NCX, contents_entries
from corpus.formats.extracted import Extracted, NotExtracted, counted
from corpus.formats.html.loader import write_fragment
from corpus.formats.office import DAMAGED, Element, parse_xml
from corpus.formats.properties import day, document_title, person
from corpus.formats.unpack import open_archive
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata

_CONTAINER = "META-INF/container.xml"
_MAX_CHAPTERS = 2000
_MAX_CHAPTER = 16 * 2**20  # bytes unpacked
_TEXT = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
# Encrypted fonts do not matter; encrypted chapters are books with copy protection.
_ENCRYPTION = "META-INF/encryption.xml"
# What XHTML closes in the tag itself, and HTML would leave open.
_CLOSED = re.compile(r"<([A-Za-z][\w:-]*)((?:\s[^<>]*)?)/>")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_HEADING = re.compile(r"(</?h)([1-5])(?=[\s>])", re.IGNORECASE)
_ANY_HEADING = re.compile(r"<h[1-6][\s>]", re.IGNORECASE)
_MAX_TITLES = 100  # of a chapter that are looked for in its text
_FIRST_LEVEL = re.compile(r"<h1[\s>]", re.IGNORECASE)


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the text of the book. Raises NotExtracted."""
    book = _Book(open_archive(raw))
    writer = MarkdownWriter(book.metadata)
    if book.metadata.title:
        writer.heading(1, book.metadata.title)
    sources: dict[int, str] = {}
    left_out: list[str] = []
    for number, name in enumerate(book.chapters[:_MAX_CHAPTERS], 1):
        try:
            sources[number] = book.read_text(name)
        except NotExtracted as error:
            left_out.append(f"chapter {number}: {error}")
    is_below = book.metadata.title and any(map(_FIRST_LEVEL.search, sources.values()))
    top = 2 if book.metadata.title else 1
    for number, source in sources.items():
        writer.place(f"chapter {number}")
        titles = {
            title: top + depth for title, depth in book.titles.get(book.chapters[number - 1], ())
        }
        if titles and not _ANY_HEADING.search(source) and not _names_itself(source, titles):
            writer.heading(top, next(iter(titles)))
        write_fragment(writer, _HEADING.sub(_lowered, source) if is_below else source, titles)
    if len(book.chapters) > _MAX_CHAPTERS:
        more = len(book.chapters) - _MAX_CHAPTERS
        left_out.append(counted(more, "chapter", f"behind chapter {_MAX_CHAPTERS:,}"))
    if not writer.has_words:
        raise NotExtracted("; ".join(["contains no text", *left_out[:3]]))
    yield Extracted(writer.text(), tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Item:
    """A file that the book lists."""

    name: str
    kind: str
    properties: frozenset[str]


class _Book:
    """The package of a book: what it says of itself and the order of its chapters."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = set(archive.namelist())
        container = self._xml(_CONTAINER)
        roots = [each.get("full-path", "") for each in container.iter() if each.tag == "rootfile"]
        root = next((name for name in roots if name in self._names), "")
        if not root:
            raise NotExtracted("is damaged (its package is missing)")
        self._folder = posixpath.dirname(root)
        self._package = self._xml(root)
        self._protected = self._protected_names()
        self._items = self._manifest()
        self.chapters = list(self._spine())
        self.titles = self._titles()  # of each file, in order, with their depth in the contents
        self.metadata = self._metadata()

    def read_text(self, name: str) -> str:
        """Returns the source of a chapter. Raises NotExtracted."""
        if name in self._protected:
            raise NotExtracted("is encrypted (copy protection)")
        source = decode_text(self._read(name, _MAX_CHAPTER))
        return _CLOSED.sub(_opened, source)

    def _read(self, name: str, limit: int) -> bytes:
        if name not in self._names:
            raise NotExtracted(f"is damaged ({name} is missing)")
        if self._archive.getinfo(name).file_size > limit:
            raise NotExtracted(f"has more than {limit // 2**20} MB in {name}")
        try:
            return self._archive.read(name)
        except DAMAGED as error:
            raise NotExtracted(f"is damaged ({name}: {error})") from error

    def _xml(self, name: str) -> Element:
        return parse_xml(self._read(name, _MAX_CHAPTER), name)

    def _protected_names(self) -> set[str]:
        if _ENCRYPTION not in self._names:
            return set()
        tree = self._xml(_ENCRYPTION)
        return {unquote(each.get("URI", "")) for each in tree.iter() if "URI" in each.attrib}

    def _manifest(self) -> dict[str, _Item]:
        items: dict[str, _Item] = {}
        for each in self._package.iter():
            if each.tag == "item":
                properties = frozenset(each.get("properties", "").split())
                name = self._path(each.get("href", ""), self._folder)
                items[each.get("id", "")] = _Item(name, each.get("media-type", ""), properties)
        return items

    def _path(self, reference: str, folder: str) -> str:
        return posixpath.normpath(posixpath.join(folder, unquote(reference.partition("#")[0])))

    def _titles(self) -> dict[str, list[tuple[str, int]]]:
        """What the table of contents says; nothing if there is none, or it is damaged."""
        found: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for item in self._items.values():
            if item.kind != NCX and "nav" not in item.properties:
                continue
            try:
                raw = self._read(item.name, _MAX_CHAPTER)
                entries = contents_entries(raw, item.name, item.kind)
            except NotExtracted:
                continue
            for title, reference, depth in entries:
                found[self._path(reference, posixpath.dirname(item.name))].append((title, depth))
        return found

    def _spine(self) -> Iterator[str]:
        contents = {
            self._path(each.get("href", ""), self._folder)
            for each in self._package.iter()
            if each.tag == "reference" and each.get("type") == "toc"
        }
        for each in self._package.iter():
            item = self._items.get(each.get("idref", "")) if each.tag == "itemref" else None
            if (
                item
                and each.get("linear") != "no"
                and item.kind in _TEXT
                and "nav" not in item.properties
                and item.name not in contents
            ):
                yield item.name

    def _metadata(self) -> Metadata:
        facts: dict[str, str] = {}
        for each in self._package.iter():
            key = each.get("property", "") if each.tag == "meta" else each.tag
            facts.setdefault(key, " ".join((each.text or "").split()))
        return Metadata(
            title=document_title(facts.get("dc:title", "")),
            author=person(facts.get("dc:creator", "")),
            date=day(facts.get("dcterms:modified", "")) or day(facts.get("dc:date", "")),
            language=facts.get("dc:language", ""),
        )


def _names_itself(source: str, titles: Iterable[str]) -> bool:
    """Whether a chapter contains one of its titles, or nothing at all."""
    body = LexborHTMLParser(source).body
    words = fold(body.text(separator=" ")) if body is not None else ""
    return not words or any(title in words for title in islice(titles, _MAX_TITLES))


def _opened(tag: re.Match[str]) -> str:
    name = tag.group(1)
    return tag.group() if name.lower() in _VOID else f"<{name}{tag.group(2)}></{name}>"


def _lowered(heading: re.Match[str]) -> str:
    """The heading of a chapter, below that of the book."""
    return f"{heading.group(1)}{int(heading.group(2)) + 1}"
