"""Loads the XML of a Confluence space (`entities.xml`): each current page is a document.

Pages have their title, the date of the last change and the space's name for a category. The body is
HTML with macros: code is code, notes and panels are their text, tasks are items; what other macros
would show is left out. XML with entities of its own is refused. Other XML is no document.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.etree import ElementTree

from corpus.formats.dates import iso_date
from corpus.formats.extracted import Extracted, NotExtracted
from corpus.formats.html.loader import write_fragment
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata

_ROOT = re.compile(rb"<hibernate-generic\b")
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_HEAD = 2_000  # bytes in which the root stands
_CDATA, _CDATA_END = "<![CDATA[", re.compile(r"\]\]\s{0,9}>")
# Elements whose content is not shown.
_REMOVED = re.compile(
    r"<ac:(parameter|image|placeholder|task-id|task-status|emoticon|adf-attribute)\b[^<>]*>"
)
_NAMES = {"ac:plain-text-body": "pre", "ac:task-list": "ul", "ac:task": "li"}
_NAMED = re.compile(r"(</?)(ac:plain-text-body|ac:task-list|ac:task)\b[^<>]*(>)")
_MACRO = re.compile(r"</?(?:ac|ri):[\w-]+[^<>]*>")
_PAGES = frozenset({"Page", "BlogPost"})


@dataclass
class _Page:
    title: str
    date: str
    body: str = ""


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the pages of a space."""
    if not _ROOT.search(raw[:_HEAD]):
        raise NotExtracted("is XML of no known kind")
    if _ENTITY.search(raw):
        raise NotExtracted("is XML with entities of its own")
    pages = _pages(raw)
    found = 0
    for number, page in pages.items():
        writer = MarkdownWriter(Metadata(title=page.title, date=page.date))
        writer.heading(1, page.title)
        write_fragment(writer, storage_html(page.body))
        if page.body.strip():
            found += 1
            yield Extracted(writer.text(), member=f"{page.title} {number}".replace("/", " "))
    if not found:
        raise NotExtracted("contains no current page")


def storage_html(body: str) -> str:
    """Returns the storage format of Confluence as plain HTML."""
    text = "".join(_without_removed("".join(_without_cdata(body))))
    text = _NAMED.sub(lambda found: f"{found[1]}{_NAMES[found[2]]}{found[3]}", text)
    return _MACRO.sub("", text)


def _without_cdata(text: str) -> Iterator[str]:
    """The pieces of the text, those between the marks of CDATA escaped. One that is not closed
    reaches to the end."""
    at = 0
    while (start := text.find(_CDATA, at)) >= 0:
        yield text[at:start]
        end = _CDATA_END.search(text, start)
        yield html.escape(text[start + len(_CDATA) : end.start() if end else None])
        if not end:
            return
        at = end.end()
    yield text[at:]


def _without_removed(text: str) -> Iterator[str]:
    """The pieces of the text without the elements that are not shown; one that is not closed is
    removed alone."""
    at = 0
    unclosed: set[str] = set()
    while found := _REMOVED.search(text, at):
        yield text[at : found.start()]
        at = found.end()
        name = f"</ac:{found[1]}>"
        if found[0].endswith("/>") or name in unclosed:
            continue
        end = text.find(name, at)
        if end < 0:
            unclosed.add(name)
        else:
            at = end + len(name)
    yield text[at:]


def _pages(raw: bytes) -> dict[str, _Page]:
    """The current pages by their ids; an older version names the original of which it is one."""
    pages: dict[str, _Page] = {}
    bodies: dict[str, str] = {}
    for _, element in ElementTree.iterparse(BytesIO(raw)):
        if element.tag != "object":
            continue
        kind = element.get("class", "")
        if kind in _PAGES and _is_current(element):
            date = iso_date(_property(element, "lastModificationDate"))
            pages[_id(element)] = _Page(fold(_property(element, "title")), date)
        elif kind == "BodyContent":
            owner = element.find("property[@name='content']")
            if owner is not None:
                bodies[_id(owner)] = _property(element, "body")
        element.clear()
    for number, page in pages.items():
        page.body = bodies.get(number, "")
    return pages


def _is_current(element: ElementTree.Element) -> bool:
    status = _property(element, "contentStatus") or "current"
    return status == "current" and element.find("property[@name='originalVersion']") is None


def _id(element: ElementTree.Element) -> str:
    return (element.findtext("id") or "").strip()


def _property(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"property[@name='{name}']") or ""
