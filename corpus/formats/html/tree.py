"""Walks over the tree of an HTML page: what is visible of it, and its text.

No walk is recursive: a page may be nested deeper than Python's stack.
"""

import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborNode

from corpus.formats.writer import fold

Skip = Callable[[LexborNode], bool]

TEXT = "-text"
BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre search "
    "section summary table tbody td tfoot th thead tr ul".split()
)
# Never content: code, media, controls and what only other programs read.
_NEVER = frozenset(
    "-comment script style noscript template svg math canvas iframe object embed audio video "
    "select input textarea option datalist meter progress head link meta title map dialog".split()
)
# The attributes of a button that name the parts that it shows.
TARGETS = ("aria-controls", "data-target", "data-bs-target")
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6 dt summary legend".split())
_SPACE = re.compile(r"\s+")
_PERMALINK = re.compile(r"[\s¶#§🔗]+$")
_HIDING = re.compile(r"\b(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


def attribute(node: LexborNode, name: str) -> str:
    """Returns the value of an attribute without outer white space, "" if there is none."""
    return (node.attributes.get(name) or "").strip()


def is_never_read(node: LexborNode) -> bool:
    """Whether the element is none that users read."""
    return (node.tag or "") in _NEVER


def is_hidden(node: LexborNode) -> bool:
    """Whether the element is hidden when the page opens, or a button that names no part."""
    attributes = node.attributes
    return (
        (node.tag == "button" and not _names_a_part(node))
        or ("hidden" in attributes and attributes["hidden"] != "until-found")
        or attributes.get("aria-hidden") == "true"
        or bool(_HIDING.search(attributes.get("style") or ""))
    )


def _names_a_part(button: LexborNode) -> bool:
    """Whether the text of a button is the heading of what it shows."""
    above = button.parent
    return (
        any(attribute(button, name) for name in ("aria-expanded", *TARGETS))
        or (above is not None and (above.tag or "") in _HEADINGS)
        or button.text().rstrip().endswith("?")
    )


def children(node: LexborNode) -> Iterator[LexborNode]:
    """Yields the children."""
    child = node.child
    while child is not None:
        yield child
        child = child.next


def descendants(node: LexborNode, skip: Skip) -> Iterator[LexborNode]:
    """Yields the nodes below in the order of the source, without those to skip and what is in
    them."""
    stack = [children(node)]
    while stack:
        each = next(stack[-1], None)
        if each is None:
            stack.pop()
        elif not skip(each):
            yield each
            stack.append(children(each))


def text_of(node: LexborNode, skip: Skip) -> str:
    """Returns the text in a node, with line breaks only at <br>, and a space between block
    elements."""
    parts = [_words(node), *map(_words, descendants(node, skip))]
    return "".join(parts)


def _words(node: LexborNode) -> str:
    if node.tag == TEXT:
        return _SPACE.sub(" ", node.text_content or "")
    return "\n" if node.tag == "br" else " " if node.tag in BLOCKS else ""


def heading_text(node: LexborNode, skip: Skip) -> str:
    """Returns the text of a heading without the sign that links to it."""
    return _PERMALINK.sub("", fold(text_of(node, skip)))
