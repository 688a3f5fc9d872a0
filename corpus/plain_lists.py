"""Lists in text without markup: bullets, numbers, and lines that start with a title."""

import re

from corpus.document import Block, Kind, Span
from corpus.lines import Line, trim_span
from corpus.plain_paragraphs import starts_paragraph
from corpus.questions import starts_with_label
from corpus.shapes import BULLET, NUMBER, Group, has_words, indent

_TITLED_ITEM = re.compile(r"^[A-Z][^.!?:]{1,50}(?:\s[–—-]\s|:\s)\S")
# Marks such as "a)" or "iv." count only inside a list.
_LETTER = re.compile(r"^\s*\(?(?:[a-z]|[ivx]{1,4})[.)]\s+(?=\S)")
# The deepest list that counts: the items around an item are stored with it.
_MAX_DEPTH = 12


def list_blocks(text: str, group: Group, at: int, width: int) -> tuple[int, list[Block]]:
    """Returns how many lines from `at` on are a list, and its items without their marks; 0 if none
    starts there."""
    items = _find_items(group, at, width)
    blocks = []
    indents: list[int] = []  # of the items around
    for start, end in items:
        line = group[start]
        while indents and indent(line) <= indents[-1] - 1:
            indents.pop()
        if not indents or indent(line) > indents[-1] + 1:
            indents.append(indent(line))
        number = NUMBER.match(line.text)
        letter = _LETTER.match(line.text) if len(indents) > 1 else None
        mark = BULLET.match(line.text) or number or letter
        span = trim_span(text, line.start + (mark.end() if mark else 0), group[end - 1].end)
        level = min(len(indents), _MAX_DEPTH)
        blocks.append(Block(Kind.ITEM, *span, level, number=int(number.group(1)) if number else 0))
    return (items[-1][1] - at if items else 0), blocks


def _find_items(group: Group, at: int, width: int) -> list[Span]:
    """Returns the first and the end line of each item of the list that starts at `at`, [] if none
    does."""
    for pattern, min_items in ((BULLET, 1), (NUMBER, 2), (_TITLED_ITEM, 3)):
        items: list[Span] = []
        end = at
        while end < len(group) and (
            pattern.match(group[end].text) or (items and _is_nested(group[end], group[at]))
        ):
            if not has_words(group[end]):
                break
            if pattern is _TITLED_ITEM and starts_with_label(group[end].text):
                break
            first, end = end, end + 1
            while pattern is not _TITLED_ITEM and _continues_item(group, at, first, end, width):
                end += 1
            items.append((first, end))
        if items:
            return items if len(items) >= min_items else []
    return []


def _is_nested(line: Line, opening: Line) -> bool:
    """Whether a line is an item of a list inside the one that a line opens."""
    marks = (BULLET, NUMBER, _LETTER)
    return indent(line) > indent(opening) + 1 and any(mark.match(line.text) for mark in marks)


def _continues_item(group: Group, opening: int, first: int, at: int, width: int) -> bool:
    """Whether the line `at` goes on with the item that starts in the line `first`, in the list that
    starts in the line `opening`."""
    if at == len(group) or BULLET.match(group[at].text) or NUMBER.match(group[at].text):
        return False
    if starts_with_label(group[at].text) or _is_nested(group[at], group[opening]):
        return False
    if indent(group[at]) > indent(group[first]):
        return True
    return bool(width) and not starts_paragraph(group, at, width)
