"""Finds the main content of an HTML page, and what the page says of itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from corpus.formats.html.tree import (
    TARGETS,
    TEXT,
    attribute,
    children,
    descendants,
    heading_text,
    is_hidden,
    is_never_read,
)
from corpus.formats.writer import fold
from corpus.metadata import Metadata, date_in, is_language, is_web_address

_ROLES = frozenset(
    "navigation banner contentinfo search complementary dialog alertdialog menu menubar toolbar "
    "tablist".split()
)
# Parts of a page by their classes or id, as content systems name them; each is matched whole.
_PARTS = re.compile(
    r"(?:(?:site|page|main|global|top|bottom|left|right|mobile|primary|secondary|post|entry|article"
    r"|widget|docs?)[_-]?)?"
    r"(?:cookies?(?:[_-]\w+)*|(?:gdpr|consent)(?:[_-]\w+)*|breadcrumbs?|nav|navbar|navigation|sidebar"
    r"|sidenav|menu|skip-?(?:links?|to-content|nav)|share|sharing|social|pagination|pager|prev-?next"
    r"|related(?:[_-]\w+)*|newsletter|subscribe|advert\w*|ads|toc|table-of-contents|footer|masthead"
    r"|comments|disqus|was-this-helpful|edit-this-page|edit-page|headerlink|anchor-?link|hash-?link"
    r"|visually-?hidden|sr-only|screen-reader-text|popup|modal|overlay)"
    r"(?:[_-]?(?:container|wrapper|wrap|bar|list|links?|section|block|box|area|widget|content|inner"
    r"|outer|banner|notice|buttons?|icons?|top|bottom|left|right))?",
    re.IGNORECASE,
)
_NAMED = frozenset("div section ul ol aside nav header p span a table".split())
# A part that holds more of the text than this is no such part, whatever its name: "has-sidebar".
_MAX_PART = 0.5
# Elements that may be nothing but links, how many links, and their share of the text.
_LINKING = frozenset("div section ul ol p aside header".split())
_MIN_LINKS = 3
_MIN_LINKED = 0.8
# The main element is the content if it holds so much of the text.
_MIN_MAIN = 0.25
_SEPARATOR = re.compile(r"\s+[|·•»—–-]\s+|\s*::\s*")
_MODIFIED = (
    "article:modified_time", "og:updated_time", "dcterms.modified", "dc.date.modified",
    "last-modified", "datemodified", "revised", "article:published_time", "dcterms.date",
    "dc.date", "dcterms.created", "dc.date.created", "datepublished", "date", "publish-date",
    "pubdate",
)  # fmt: skip
_AUTHORS = ("author", "article:author", "dcterms.creator", "dc.creator")
# What a program that mirrors or saves pages writes at the start of the file.
_SAVED_FROM = re.compile(
    r"<!-- (?:saved from url=\(\d+\)(?P<saved>https?://[^\s<>]+)"
    r"|Mirrored from (?P<mirrored>[^\s<>]+) by HTTrack)",
    re.IGNORECASE,
)
_SAVED_WINDOW = 4096  # characters


def main_content(page: LexborHTMLParser) -> LexborNode | None:
    """Returns the element with the content, after everything around the content in it is removed
    from the tree."""
    body = page.body
    if body is None:
        return None
    _remove(body, is_never_read)
    shown = shown_by_buttons(page)
    _remove(body, lambda node: is_hidden(node) and attribute(node, "id") not in shown)
    sizes = _sizes(body)
    whole = sizes[body.mem_id]
    inner = _largest(page.css("main, [role=main]"), sizes, whole * _MIN_MAIN)
    articles = page.css("article, [itemprop=articleBody]")
    content = inner or _largest(articles, sizes, whole * _MAX_PART) or body
    most = _MAX_PART * sizes[content.mem_id]
    links = _sizes(content, inside="a")
    _remove(
        content,
        lambda node: (
            sizes[node.mem_id] <= most and (_is_around(node) or _is_navigation(node, sizes, links))
        ),
    )
    return content


def shown_by_buttons(page: LexborHTMLParser) -> frozenset[str]:
    """Returns the ids of the parts that buttons of the page show and hide: accordions and tabs."""
    found: set[str] = set()
    for node in page.css(", ".join(f"[{name}]" for name in TARGETS)):
        for name in TARGETS:
            found.update(each.lstrip("#") for each in attribute(node, name).split())
    return frozenset(found - {""})


def metadata_of(
    page: LexborHTMLParser,
    source: str,
    data: Sequence[Mapping[str, Any]],
    content: LexborNode,
) -> Metadata:
    """Returns what the page says of itself. `data` are the objects of its JSON-LD."""
    meta = _meta(page)
    return Metadata(
        title=_title(page, meta, content),
        date=_date(content, meta, data),
        author=_author(meta, data),
        url=_address(page, meta, source),
        language=_language(page),
    )


def _remove(root: LexborNode, is_removed: Any) -> None:
    """Removes the nodes from the tree. They are collected first: removing one moves the others."""
    found = []

    def skip(node: LexborNode) -> bool:
        if is_removed(node):
            found.append(node)
            return True
        return False

    for _ in descendants(root, skip):
        pass
    for node in found:
        node.decompose()


def _is_around(node: LexborNode) -> bool:
    tag = node.tag
    if tag in ("nav", "footer", "search") or attribute(node, "role") in _ROLES:
        return True
    if tag == "header":
        return node.css_first("h1") is None
    if tag == "form":
        return True
    if tag not in _NAMED:
        return False
    return any(map(_PARTS.fullmatch, f"{attribute(node, 'class')} {attribute(node, 'id')}".split()))


def _largest(
    nodes: Sequence[LexborNode], sizes: Mapping[int, int], minimum: float
) -> LexborNode | None:
    there = [node for node in nodes if sizes.get(node.mem_id, 0) >= max(minimum, 1)]
    return max(there, key=lambda node: sizes[node.mem_id], default=None)


def _is_navigation(node: LexborNode, sizes: Mapping[int, int], links: Mapping[int, int]) -> bool:
    """Whether the element consists of several links, and no sentence announces them."""
    if node.tag not in _LINKING or links[node.mem_id] < _MIN_LINKED * max(sizes[node.mem_id], 1):
        return False
    before = node.prev
    while before is not None and not before.text().strip():
        before = before.prev
    is_announced = before is not None and before.text().rstrip().endswith(":")
    return not is_announced and len(node.css("a[href]")) >= _MIN_LINKS


def _sizes(root: LexborNode, inside: str = "") -> dict[int, int]:
    """The number of letters and digits in each node, by its id; only those inside elements with
    a tag, if there is one."""
    sizes: dict[int, int] = {}
    path = [(root, children(root))]
    depth = 0  # of elements with the tag
    while path:
        node, below = path[-1]
        child = next(below, None)
        if child is not None:
            path.append((child, children(child)))
            depth += child.tag == inside
            continue
        path.pop()
        is_counted = node.tag == TEXT and (depth or not inside)
        own = sum(map(str.isalnum, node.text_content or "")) if is_counted else 0
        depth -= node.tag == inside
        sizes[node.mem_id] = sizes.get(node.mem_id, 0) + own
        if path:
            above = path[-1][0].mem_id
            sizes[above] = sizes.get(above, 0) + sizes[node.mem_id]
    return sizes


def _meta(page: LexborHTMLParser) -> dict[str, str]:
    """The values of the <meta> elements by their lowercase names, the first of each."""
    found: dict[str, str] = {}
    for node in page.css("meta[content]"):
        for key in ("name", "property", "itemprop", "http-equiv"):
            if name := attribute(node, key).lower():
                found.setdefault(name, fold(attribute(node, "content")))
    return found


def _title(page: LexborHTMLParser, meta: Mapping[str, str], content: LexborNode) -> str:
    """The only heading of level 1 of the content, else the title without the name of the site."""
    headings = [heading_text(node, is_never_read) for node in content.css("h1")]
    if len(headings) == 1 and headings[0]:
        return headings[0]
    if title := meta.get("og:title", ""):
        return title
    node = page.css_first("title")
    title = fold(node.text()) if node else ""
    site = meta.get("og:site_name", "").lower()
    parts = [part for part in _SEPARATOR.split(title) if part and part.lower() != site]
    return parts[0] if parts else title


def _date(content: LexborNode, meta: Mapping[str, str], data: Sequence[Mapping[str, Any]]) -> str:
    said = [meta.get(name, "") for name in _MODIFIED]
    said[1:1] = [str(each.get("dateModified", "")) for each in data]
    said.extend(str(each.get("datePublished", "")) for each in data)
    said.extend(attribute(node, "datetime") for node in content.css("time[datetime]")[:1])
    return next((found for each in said if (found := date_in(each))), "")


def _author(meta: Mapping[str, str], data: Sequence[Mapping[str, Any]]) -> str:
    said = [meta.get(name, "") for name in _AUTHORS]
    for each in data:
        authors = each.get("author")
        first = authors[0] if isinstance(authors, list) and authors else authors
        name = first.get("name") if isinstance(first, dict) else first
        said.append(name if isinstance(name, str) else "")
    return next((each for each in map(fold, said) if each and "://" not in each), "")


def _address(page: LexborHTMLParser, meta: Mapping[str, str], source: str) -> str:
    return next((each for each in _addresses(page, meta, source) if is_web_address(each)), "")


def _addresses(page: LexborHTMLParser, meta: Mapping[str, str], source: str) -> Iterator[str]:
    yield from (attribute(node, "href") for node in page.css("link[rel=canonical]")[:1])
    yield meta.get("og:url", "")
    if saved := _SAVED_FROM.search(source[:_SAVED_WINDOW]):
        yield saved["saved"] or f"https://{saved['mirrored']}"


def _language(page: LexborHTMLParser) -> str:
    root = page.css_first("html")
    language = attribute(root, "lang") if root else ""
    return language if is_language(language) else ""
