"""Writes the text of a field: a cell, a value of JSON, the body of a message.

A field may be plain text, HTML or Markdown. Its paragraphs, lists, tables and code become elements
of the canonical text. Scripts and styles are left out; nothing that a link names is read.
"""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from corpus.code import is_code
from corpus.document import Block, Kind
from corpus.formats.html.loader import write_fragment
from corpus.formats.scraped import outline, repaired
from corpus.formats.writer import MarkdownWriter, fold
from corpus.html import html_blocks
from corpus.markdown import markdown_blocks
from corpus.markup import strip_markup

# Elements that show that a field is HTML.
_HTML = re.compile(
    r"</?(?:p|br|ul|ol|li|div|span|h[1-6]|table|a|b|strong|em|i|img|pre|code)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# Marks of Markdown that plain text hardly has: links, bold, code, headings, tables.
_MARKDOWN = re.compile(
    r"\[[^\[\]\n]+\]\([^()\s]+\)|\*\*[^*\s][^*\n]*\*\*|(?<!`)`[^`\n]+`(?!`)|^```|^#{1,6} \S"
    r"|^\|.+\|[ \t]*\n\|[ :|-]+\|",
    re.MULTILINE,
)
_ITEM = re.compile(r"([ \t]*)(?:([-*•▪◦·–])|(\d{1,3})[.)])[ \t]+(?=\S)")
_EMPTY_LINES = re.compile(r"\n[ \t]*\n")
_WRAPPED_CHARS = 55  # of a line that may have been broken at a width
_MIN_CODE = 0.6  # share of the lines of a group that are code
_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
# The level of the first heading inside a field, below those of the document.
_FIELD_LEVEL = 2
_MAX_LEVEL = 6


@dataclass
class Prose:
    """Where the elements of a field go. If it `answers` a question, its paragraphs are labelled as
    answers, and its headings are paragraphs, since a heading ends an answer. `level` is
    that of the highest heading in the field."""

    writer: MarkdownWriter
    answers: bool = False
    level: int = _FIELD_LEVEL

    def field(self, text: str) -> None:
        """Writes a field, whatever it is written in."""
        if _HTML.search(text):
            self.html(text)
        elif _MARKDOWN.search(text):
            self.markdown(text)
        elif _is_wrapped(text):
            self.wrapped(text)
        else:
            self.scraped(text)

    def plain(self, text: str) -> None:
        """Writes plain text; each line is a paragraph or an item of a list."""
        for line in text.splitlines():
            item = _ITEM.match(line)
            if item and line[item.end() :].strip():
                number = int(item.group(3)) if item.group(3) else None
                self.writer.item(line[item.end() :], 2 if item.group(1) else 1, number)
            else:
                self._paragraph(line)

    def scraped(self, text: str) -> None:
        """Writes plain text that may have been taken from a web page."""
        lines, titles = outline(text)
        joined = repaired(lines, titles)
        if joined == [line.strip() for line in text.splitlines()]:
            self.plain(text)  # with its indentation
            return
        for line in joined:
            if line in titles and not self.answers:
                self.writer.heading(self.level, line)
            else:
                self.plain(line)

    def wrapped(self, text: str) -> None:
        """Writes plain text whose lines may be broken at a width, as those of messages are: a line
        goes on in the next one if it is long, or if that starts in lower case."""
        for group in _EMPTY_LINES.split(text):
            lines = group.splitlines()
            if len(lines) > 1 and sum(map(is_code, lines)) >= _MIN_CODE * len(lines):
                self.writer.code(group)
                continue
            joined: list[str] = []
            last = ""
            for line in lines:
                goes_on = len(last) >= _WRAPPED_CHARS or line.lstrip()[:1].islower()
                if joined and goes_on and not _ITEM.match(line):
                    joined[-1] += f" {line.strip()}"
                else:
                    joined.append(line)
                last = line
            self.plain("\n".join(joined))

    def html(self, text: str) -> None:
        """Writes a fragment of HTML."""
        if not self.answers:
            write_fragment(self.writer, text)
            return
        self._blocks(text, html_blocks(text, 0, len(text)), _without_tags)

    def markdown(self, text: str) -> None:
        """Writes Markdown by its blocks."""
        self._blocks(text, markdown_blocks(text), lambda said: fold(strip_markup(said)))

    def _blocks(self, text: str, blocks: Iterable[Block], words: Callable[[str], str]) -> None:
        rows: list[list[str]] = []
        for block in blocks:
            said = text[block.start : block.end]
            if block.kind in (Kind.HEADER, Kind.ROW):
                if block.kind is Kind.HEADER:
                    self._table(rows)
                    rows = []
                rows.append([words(text[a:b]) for a, b in block.cells])
                continue
            self._table(rows)
            rows = []
            self._block(block, said, words(said))
        self._table(rows)

    def _block(self, block: Block, said: str, words: str) -> None:
        match block.kind:
            case Kind.HEADING | Kind.QUESTION if not self.answers:
                self._heading(block, words)
            case Kind.ITEM:
                self.writer.item(words, max(block.level, 1), block.number or None)
            case Kind.CODE:
                self.writer.code(html.unescape(_TAG.sub("", said)) if "</" in said else said)
            case Kind.BOILERPLATE:
                pass
            case _:
                self.plain(words)

    def _heading(self, block: Block, words: str) -> None:
        if block.level > _MAX_LEVEL:  # a label that asks
            self.writer.question(words)
        else:
            self.writer.heading(max(self.level, block.level + max(self.level - 2, 0)), words)

    def _table(self, rows: list[list[str]]) -> None:
        if len(rows) > 1:
            self.writer.table(rows)
        else:
            for row in rows:
                self._paragraph(": ".join(filter(None, row)))

    def _paragraph(self, text: str) -> None:
        if self.answers:
            self.writer.answer(text)
        else:
            self.writer.paragraph(text)


def _is_wrapped(text: str) -> bool:
    """Whether half of the line breaks are those of a width: the line above is long, and its
    sentence goes on below it."""
    breaks = [(a, b) for a, b in pairwise(text.splitlines()) if a.strip() and b.strip()]
    wrapped = sum(len(a) >= _WRAPPED_CHARS and b.lstrip()[:1].islower() for a, b in breaks)
    return bool(wrapped) and 2 * wrapped >= len(breaks)


def _without_tags(text: str) -> str:
    """The words of a piece of HTML; only <br> breaks a line."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", " ".join(text.split()))))
