"""Parses Markdown into blocks, with markdown-it-py, which gives line numbers.

Blocks are spans of the source; no character is changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.boilerplate import boilerplate_reason
from corpus.document import Block, Kind, Span
from corpus.lines import Line, split_lines, trim_span

_PARSER = MarkdownIt("commonmark").enable("table")
_STRUCTURE = {"heading_open", "bullet_list_open", "ordered_list_open", "table_open", "fence"}


def has_block_marks(text: str) -> bool:
    """Whether the text contains a heading, list, table or fence in Markdown."""
    return any(token.type in _STRUCTURE for token in _PARSER.parse(text.lstrip("\ufeff")))


def markdown_blocks(text: str) -> list[Block]:
    """Returns the blocks of a Markdown text, in order."""
    lines = split_lines(text)
    body = _front_matter_end(lines)
    source = "\n" * body + text[lines[body].start :] if body < len(lines) else ""
    blocks: list[Block] = []
    if body:
        blocks.append(_block(text, lines, Kind.BOILERPLATE, 0, body, reason="front matter"))
    walked = _walk(text, lines, _PARSER.parse(source))
    blocks.extend(block for block in walked if block.start < block.end)  # "#" alone is empty
    return _mark_answers(text, blocks)


def _front_matter_end(lines: Sequence[Line]) -> int:
    """Returns the number of lines of a leading `---` block, 0 if there is none."""
    if not lines or lines[0].text.strip() != "---":
        return 0
    for number, line in enumerate(lines[1:], start=2):
        if line.text.strip() in ("---", "..."):
            return number
    return 0


def _walk(text: str, lines: Sequence[Line], tokens: Sequence[Token]) -> Iterator[Block]:
    depth = 0
    expect_item = False
    item_start = 0
    header = False
    for token in tokens:
        first, last = token.map or (0, 0)
        match token.type:
            case "heading_open":
                yield _heading(text, lines, token)
            case "bullet_list_open" | "ordered_list_open":
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                depth -= 1
            case "list_item_open":
                expect_item, item_start = True, first
            case "paragraph_open" if depth and expect_item:
                expect_item = False
                yield _item(text, lines, first, last, depth, marked=first == item_start)
            case "paragraph_open":
                yield from _paragraph(text, lines, first, last, depth)
            case "thead_open":
                header = True
            case "thead_close":
                header = False
            case "tr_open":
                yield _row(text, lines, first, Kind.HEADER if header else Kind.ROW)
            case "fence" | "code_block":
                yield _block(text, lines, Kind.CODE, first, last)
            case "html_block":
                yield _block(text, lines, Kind.BOILERPLATE, first, last, reason="HTML")


def _block(
    text: str, lines: Sequence[Line], kind: Kind, first: int, last: int, reason: str = ""
) -> Block:
    start, end = trim_span(text, lines[first].start, lines[last - 1].end)
    return Block(kind, start, end, reason=reason)


def _unquoted(text: str, lines: Sequence[Line], first: int, last: int) -> Span:
    """Returns the span of the lines without leading block-quote marks."""
    start, end = trim_span(text, lines[first].start, lines[last - 1].end)
    while start < end and text[start] in "> \t":
        start += 1
    return start, end


def _heading(text: str, lines: Sequence[Line], token: Token) -> Block:
    first, last = token.map or (0, 0)
    start, end = _unquoted(text, lines, first, last)
    if token.markup.startswith("#"):
        while start < end and text[start] in "# \t":
            start += 1
        while end > start and text[end - 1] in "# \t":
            end -= 1
    else:  # a setext heading: the last line is its underline
        start, end = trim_span(text, start, lines[last - 1].start)
    return Block(Kind.HEADING, start, end, level=int(token.tag[1]))


def _item(
    text: str, lines: Sequence[Line], first: int, last: int, depth: int, marked: bool
) -> Block:
    start, end = _unquoted(text, lines, first, last)
    if marked:  # skip the bullet or number
        while start < end and not text[start].isspace():
            start += 1
        start, end = trim_span(text, start, end)
    return Block(Kind.ITEM, start, end, level=depth)


def _paragraph(
    text: str, lines: Sequence[Line], first: int, last: int, depth: int
) -> Iterator[Block]:
    start, end = _unquoted(text, lines, first, last)
    reason = boilerplate_reason(text[start:end])
    if reason:
        yield Block(Kind.BOILERPLATE, start, end, reason=reason)
    elif depth:
        yield Block(Kind.ITEM, start, end, level=depth)
    else:
        yield Block(Kind.PARAGRAPH, start, end)


def _row(text: str, lines: Sequence[Line], number: int, kind: Kind) -> Block:
    start, end = _unquoted(text, lines, number, number + 1)
    return Block(kind, start, end, cells=tuple(_cells(text, start, end)))


def _cells(text: str, start: int, end: int) -> Iterator[Span]:
    at = start + 1 if text[start : start + 1] == "|" else start
    begin = at
    while at <= end:
        bar = at == end or (text[at] == "|" and text[at - 1] != "\\")
        if bar and (at < end or begin < end):
            yield trim_span(text, begin, at)
            begin = at + 1
        at += 1


def _mark_answers(text: str, blocks: list[Block]) -> list[Block]:
    """Turns headings that end with a question mark into questions, and the paragraphs below them
    into answers, up to the next heading."""
    result: list[Block] = []
    answering = False
    for block in blocks:
        kind = block.kind
        if kind is Kind.HEADING:
            answering = text[block.start : block.end].rstrip("*_ ").endswith("?")
            kind = Kind.QUESTION if answering else Kind.HEADING
        elif kind is Kind.PARAGRAPH and answering:
            kind = Kind.ANSWER
        result.append(replace(block, kind=kind))
    return result
