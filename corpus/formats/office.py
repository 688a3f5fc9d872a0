"""Reads the parts of Office Open XML files (DOCX, PPTX): ZIP files of XML with relationships.

Only the parts that a loader asks for are unpacked; macros and embedded objects never are. Elements
and attributes get short names ("w:p", "a:t"), the same for both variants of the standard.
"""

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass
from xml.etree import ElementTree

from corpus.formats.extracted import NotExtracted
from corpus.formats.properties import day, document_title, person
from corpus.formats.unpack import open_archive
from corpus.metadata import Metadata

Element = ElementTree.Element
# Unpacked bytes of one part; its tree takes some ten times as much memory.
MAX_PART = 48 * 2**20
# Without entities XML cannot grow; Office files have none.
_ENTITY = re.compile(rb"<\x00?!\x00?E\x00?N\x00?T\x00?I\x00?T\x00?Y", re.IGNORECASE)
# What zipfile raises at damaged, encrypted or strangely packed members.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "http://schemas.openxmlformats.org/presentationml/2006/main": "p",
    "http://purl.oclc.org/ooxml/presentationml/main": "p",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/drawingml/2006/diagram": "dgm",
    "http://purl.oclc.org/ooxml/drawingml/diagram": "dgm",
    "http://schemas.openxmlformats.org/drawingml/2006/chart": "c",
    "http://purl.oclc.org/ooxml/drawingml/chart": "c",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
}


@dataclass(frozen=True, slots=True)
class Relationship:
    """Leads from a part to another: `kind` is the last word of its type, "slide"."""

    kind: str
    target: str


class OfficePackage:
    """An open file. Raises NotExtracted if it is none, or `main` is missing."""

    def __init__(self, raw: bytes, main: str) -> None:
        self._archive = open_archive(raw)
        self._names = {name.casefold(): name for name in self._archive.namelist()}
        found = [r.target for r in self.relationships("").values() if r.kind == "officeDocument"]
        self.main = next((name for name in [*found, main] if self.has(name)), "")
        if not self.main:
            raise NotExtracted(f"is damaged ({main} is missing)")

    def has(self, name: str) -> bool:
        """Whether there is a part with this name."""
        return name.casefold() in self._names

    def names(self) -> list[str]:
        """Returns the names of all parts."""
        return list(self._names.values())

    def xml(self, name: str) -> Element | None:
        """Returns a part with short names, None if it is missing. Raises NotExtracted."""
        if not self.has(name):
            return None
        member = self._archive.getinfo(self._names[name.casefold()])
        if member.file_size > MAX_PART:
            raise NotExtracted(f"has more than {MAX_PART // 2**20} MB of text in {name}")
        try:
            raw = self._archive.read(member)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise NotExtracted(f"is damaged ({name}: {error})") from error
        return parse_xml(raw, name)

    def relationships(self, part: str) -> dict[str, Relationship]:
        """Returns the relationships of a part inside the file, by their ids."""
        folder, name = posixpath.split(part)
        tree = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for each in tree if tree is not None else ():
            if each.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, each.get("Target", "")))
                kind = each.get("Type", "").rpartition("/")[2]
                found[each.get("Id", "")] = Relationship(kind, target.lstrip("/"))
        return found

    def metadata(self) -> Metadata:
        """Returns what the file says of itself."""
        tree = self.xml("docProps/core.xml")
        facts = {each.tag: each.text or "" for each in tree} if tree is not None else {}
        return Metadata(
            title=document_title(facts.get("dc:title", "")),
            author=person(facts.get("dc:creator", "")),
            date=day(facts.get("dcterms:modified", "") or facts.get("dcterms:created", "")),
            language=facts.get("dc:language", ""),
        )


def parse_xml(raw: bytes, name: str) -> Element:
    """Returns the root of an XML text with short names. Raises NotExtracted if it is damaged or
    defines entities; external ones are never looked up."""
    if _ENTITY.search(raw):
        raise NotExtracted(f"defines entities ({name}), which documents do not need")
    try:
        root = ElementTree.fromstring(raw)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise NotExtracted(f"is damaged ({name}: {error})") from error
    short: dict[str, str] = {}
    for element in root.iter():
        element.tag = _short(element.tag, short)
        if element.attrib:
            element.attrib = {_short(key, short): value for key, value in element.attrib.items()}
    return root


def _short(name: str, known: dict[str, str]) -> str:
    if name not in known:
        space, _, local = name.rpartition("}")
        prefix = _PREFIXES.get(space.lstrip("{"), "") if space else ""
        known[name] = f"{prefix}:{local}" if prefix else local
    return known[name]


def child(element: Element | None, *path: str) -> Element | None:
    """Returns the first descendant along a path of names, None if there is none."""
    for name in path:
        if element is None:
            return None
        element = next((each for each in element if each.tag == name), None)
    return element


def value(element: Element | None, *path: str) -> str:
    """Returns the attribute `val` of the descendant along a path of names, "" without it."""
    found = child(element, *path)
    return "" if found is None else found.get("w:val", found.get("val", ""))


def is_on(element: Element | None, *path: str) -> bool:
    """Returns whether a property that is on or off is there and on."""
    found = child(element, *path)
    return found is not None and found.get("w:val", "1") not in ("0", "false", "off", "none")
