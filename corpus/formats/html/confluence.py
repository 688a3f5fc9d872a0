"""Reads what a page of Confluence's HTML export says of itself, and removes that from the content:
the line of author and date, the path to the page, the name of the space before the title, the list
of attachments."""

import re
from collections import Counter

from selectolax.lexbor import LexborHTMLParser

from corpus.formats.dates import iso_date
from corpus.formats.html.tree import attribute
from corpus.formats.writer import fold
from corpus.metadata import Metadata

_MODIFIED = re.compile(r"(?:last modified|last updated)(?: by [^,]{1,80}?)? on (.{6,20})$")
_BASE = "data-base-url"
_PAGE = "data-linked-resource-container-id"
# Lists behind the content.
_ADDED = "#attachments, #comments, #children-section, #labels-section"


def take_export(page: LexborHTMLParser) -> Metadata | None:
    """Returns the metadata of an exported page, and removes what the export adds around its content
    from the tree; None if the page is none."""
    title = page.css_first("#title-text")
    if title is None or page.css_first("#main-content, .page-metadata") is None:
        return None
    about = page.css_first(".page-metadata")
    said = fold(about.text()) if about is not None else ""
    author = page.css_first(".page-metadata .author")
    modified = _MODIFIED.search(said)
    metadata = Metadata(
        title=fold(title.text()).partition(" : ")[2] or fold(title.text()),
        date=iso_date(modified[1] if modified else said),
        author=fold(author.text()) if author is not None else "",
        url=_address(page),
    )
    heading = page.css_first("#title-heading") or title
    above = [node.parent for node in page.css(_ADDED)]
    sections = [each.parent for each in above if each is not None]
    ends = page.css("#breadcrumb-section, #footer")
    around = (about, heading, *ends, *above, *sections)
    found = {node.mem_id: node for node in around if node is not None}
    for node in found.values():
        if node.css_first("#main-content") is None:
            node.decompose()
    return metadata


def _address(page: LexborHTMLParser) -> str:
    """The address of the page, which only its pictures and links tell, "" without them."""
    base = page.css_first(f"[{_BASE}]")
    numbers = Counter(attribute(node, _PAGE) for node in page.css(f"[{_PAGE}]"))
    number = next((each for each, _ in numbers.most_common(1) if each.isdigit()), "")
    if base is None or not number:
        return ""
    return f"{attribute(base, _BASE).rstrip('/')}/pages/viewpage.action?pageId={number}"
