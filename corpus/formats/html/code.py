"""Code on an HTML page: its text, and the numbers of lines that stand beside it."""

import re

from selectolax.lexbor import LexborNode

from corpus.formats.html.tree import TEXT, Skip, descendants

_FOLDED = re.compile(r"[ \t\r\n\f]+")
_MIN_NUMBERED = 2  # lines
_NUMBER = re.compile(r"[0-9]{1,6}")


def code_text(node: LexborNode, skip: Skip) -> str:
    """Returns the text of an element whose white space counts."""
    parts = []
    for each in descendants(node, skip):
        if each.tag == TEXT:
            parts.append(each.text_content or "")
        elif each.tag == "br":
            parts.append("\n")
    return "".join(parts).replace("\xa0", " ")


def code_with_breaks(node: LexborNode, skip: Skip) -> str:
    """Returns the text of code whose lines end at <br> and are indented by non-breaking spaces."""
    parts = [
        "\n" if each.tag == "br" else _FOLDED.sub(" ", each.text_content or "")
        for each in descendants(node, skip)
        if each.tag in (TEXT, "br")
    ]
    lines = "".join(parts).split("\n")
    return "\n".join(line.strip(" ").replace("\xa0", " ") for line in lines)


def is_numbering(node: LexborNode, text: str) -> bool:
    """Returns whether the text of an element is the numbers of the lines that stand in the next
    cell of a table."""
    numbers = [word.rstrip(".:") for word in text.split()]
    if len(numbers) < _MIN_NUMBERED or not _NUMBER.fullmatch(numbers[0]) or not _has_next(node):
        return False
    first = int(numbers[0])
    return numbers == [str(first + n) for n in range(len(numbers))]


def _has_next(node: LexborNode) -> bool:
    cell = node.parent
    while cell is not None and cell.tag not in ("td", "th"):
        cell = cell.parent
    following = cell.next if cell is not None else None
    while following is not None and following.tag == TEXT:
        following = following.next
    return following is not None
