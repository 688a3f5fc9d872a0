"""The table of contents of a book: which file each entry leads to, and how deep the entry is."""

from collections.abc import Iterator
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from corpus.formats.encodings import decode_text
from corpus.formats.html.tree import attribute
from corpus.formats.office import Element, parse_xml
from corpus.formats.writer import fold

NCX = "application/x-dtbncx+xml"
_MAX_ENTRIES = 10_000

# The words of an entry, the reference that it leads to, and its depth, 0 for the outermost.
Entry = tuple[str, str, int]


def contents_entries(raw: bytes, name: str, kind: str) -> list[Entry]:
    """Returns the entries of a file of contents of this media type. Raises NotExtracted."""
    if kind == NCX:
        return list(_ncx_entries(parse_xml(raw, name)))
    return list(_nav_entries(decode_text(raw)))


def _ncx_entries(root: Element) -> Iterator[Entry]:
    """The contents of EPUB 2."""
    points = [(each, 0) for each in root.iter() if each.tag == "navMap"]
    for _ in range(_MAX_ENTRIES):
        if not points:
            return
        point, depth = points.pop()
        inner = [each for each in point if each.tag == "navPoint"]
        points.extend((each, depth + (point.tag == "navPoint")) for each in reversed(inner))
        label = next((each for each in point if each.tag == "navLabel"), None)
        content = next((each for each in point if each.tag == "content"), None)
        words = fold("".join(label.itertext())) if label is not None else ""
        if words and content is not None:
            yield words, content.get("src", ""), depth


def _nav_entries(source: str) -> Iterator[Entry]:
    """The contents of EPUB 3."""
    page = LexborHTMLParser(source)
    navs = page.css("nav")
    toc = next((nav for nav in navs if "toc" in attribute(nav, "epub:type")), None)
    for link in islice(toc.css("a[href]") if toc is not None else (), _MAX_ENTRIES):
        depth, above = -1, link.parent
        while above is not None and above.tag != "nav":
            depth += above.tag == "ol"
            above = above.parent
        if words := fold(link.text()):
            yield words, attribute(link, "href"), max(depth, 0)
