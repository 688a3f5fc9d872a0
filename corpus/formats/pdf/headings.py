"""Finds the headings among the blocks of a PDF, and their levels: by the outline of the file, by
size and weight of their font, and by their numbers."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from corpus.formats.pdf.blocks import Form, Look, TextBlock
from corpus.formats.pdf.file import OutlineEntry
from corpus.formats.pdf.numbered import consistent_levels, depth_of_number

# Characters and lines of a heading, and of a question that is one.
_MAX_CHARS, _MAX_LINES = 160, 3
_MAX_QUESTION_CHARS, _MAX_QUESTION_LINES = 300, 5
# A heading is that much larger than the text, or bold and not much smaller.
_LARGER = 1.12
_SLIGHTLY_LARGER = 1.05  # if it has one line and text below it
_BOLD_SIZE = 0.94
_MAX_LEVEL = 6
_SENTENCE_END = re.compile(r"[.,;:…]$")
_LETTER = re.compile(r"[^\W\d_]")
# A price in large figures is no heading: "$12.00 / mo".
_PRICE = re.compile(r"(?:from )?[$€£¥]\s?\d|\d[\d.,]*\s?[€£%]", re.IGNORECASE)
_MAX_PRICE_LETTERS = 10
_WORDS = re.compile(r"[^\W_]+")

Style = tuple[float, bool]  # size, bold


def heading_levels(
    blocks: Sequence[TextBlock], outline: Sequence[OutlineEntry], look: Look
) -> dict[int, int]:
    """Returns the levels of the blocks that are headings, by their position."""
    listed = _listed(outline)
    levels: dict[int, int] = {}
    styles: dict[int, Style] = {}
    for at, block in enumerate(blocks):
        level = listed.get((block.page, _fingerprint(_whole(block)))) if block.lines else None
        if level or _looks_like_heading(blocks, at, look):
            styles[at] = (round(2 * block.size) / 2, block.is_bold)
            if level:
                levels[at] = level
    known: dict[Style, Counter[int]] = defaultdict(Counter)
    for at, level in levels.items():
        known[styles[at]][level] += 1
    pages: dict[Style, set[int]] = defaultdict(set)
    for at, style in styles.items():
        pages[style].add(blocks[at].page)
    ranked = _ranked(pages, known)
    shift = min(0, min(ranked.values(), default=1) - 1)
    depths = {at: depth_of_number(blocks[at].text) for at in styles}
    shallowest: dict[Style, int] = {}
    for at, depth in depths.items():
        if depth:
            shallowest[styles[at]] = min(depth, shallowest.get(styles[at], depth))
    found = []
    for at, style in styles.items():
        deeper = depths[at] - shallowest[style] if depths[at] else 0
        found.append(max(1, levels.get(at, ranked[style] + deeper) - shift))
    consistent = consistent_levels([_numbered(blocks[at]) for at in styles], found)
    return {at: min(level, _MAX_LEVEL) for at, level in zip(styles, consistent, strict=True)}


def _numbered(block: TextBlock) -> str:
    return f"{block.mark}{block.text}" if block.number is not None else block.text


def _listed(outline: Sequence[OutlineEntry]) -> Mapping[tuple[int, str], int]:
    """The levels of the outline, by page and words; the position on the page is often wrong."""
    return {
        (entry.page, words): entry.level
        for entry in reversed(outline)
        if (words := _fingerprint(entry.title))
    }


def _fingerprint(text: str) -> str:
    """The words without a number in front, which outlines leave out."""
    words = _WORDS.findall(text.casefold())
    while len(words) > 1 and words[0].isdigit():
        words.pop(0)
    return " ".join(words)


def _whole(block: TextBlock) -> str:
    return f"{block.mark} {block.text}" if len(block.text) <= _MAX_CHARS else ""


def _looks_like_heading(blocks: Sequence[TextBlock], at: int, look: Look) -> bool:
    block = blocks[at]
    text = block.text
    if not _may_be_heading(block):
        return False
    is_larger = block.size >= _LARGER * look.size
    is_bold = block.is_bold and block.size >= _BOLD_SIZE * look.size
    if block.form is Form.ITEM:
        # "1. Scope" in bold, with text below it, is a heading; a bold step is followed by another.
        follows = blocks[at + 1] if at + 1 < len(blocks) else None
        has_text = follows is not None and follows.form is not Form.ITEM
        return block.number is not None and has_text and (is_larger or is_bold)
    if is_larger:
        return not (text.endswith((",", ";")) or (text.endswith(".") and len(text) > 80))
    if is_bold:
        return not _SENTENCE_END.search(text)
    is_slightly_larger = block.size >= _SLIGHTLY_LARGER * look.size and len(block.lines) == 1
    return (is_slightly_larger or _is_in_capitals(text)) and _stands_apart(blocks, at, look)


def _may_be_heading(block: TextBlock) -> bool:
    """Whether the block is text as short as a heading; a question may be longer."""
    asks = block.text.endswith("?")
    enough = _MAX_PRICE_LETTERS if _PRICE.match(block.text) else 1
    return (
        block.form in (Form.TEXT, Form.ITEM)
        and not block.first.is_turned
        and len(_LETTER.findall(block.text)) > enough
        and len(block.lines) <= (_MAX_QUESTION_LINES if asks else _MAX_LINES)
        and len(block.text) <= (_MAX_QUESTION_CHARS if asks else _MAX_CHARS)
    )


def _is_in_capitals(text: str) -> bool:
    letters = _LETTER.findall(text)
    return len(letters) > 3 and text.upper() == text and text.lower() != text and len(text) <= 60


def _stands_apart(blocks: Sequence[TextBlock], at: int, look: Look) -> bool:
    """Whether the block stands apart from the one above, and text follows it."""
    block = blocks[at]
    is_apart = not block.space or block.space > 1.3 * look.leading
    follows = blocks[at + 1] if at + 1 < len(blocks) else None
    return (
        is_apart
        and not _SENTENCE_END.search(block.text)
        and follows is not None
        and follows.form is not Form.TABLE
        and follows.size <= block.size
        and not _is_in_capitals(follows.text)
    )


def _ranked(
    styles: Mapping[Style, set[int]], known: Mapping[Style, Counter[int]]
) -> dict[Style, int]:
    """The level of each style, from the pages on which it is used. Styles of several pages count
    downwards from the largest; one in the outline has the level of most of its headings there.
    A style of one page, as on a cover, has the level above the next smaller of these."""
    ordered = sorted(styles, key=lambda style: (-style[0], not style[1]))
    steady = [style for style in ordered if style in known or len(styles[style]) > 1] or ordered
    ranked: dict[Style, int] = {}
    level = 0
    for style in steady:
        level = known[style].most_common(1)[0][0] if style in known else level + 1
        ranked[style] = level
    below = level + 2
    for style in reversed(ordered):
        if style in ranked:
            below = ranked[style]
        else:
            ranked[style] = below - 1
    return ranked
