"""Lines with their offsets, for both parsers."""

import re
from dataclasses import dataclass

from corpus.document import Span

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line break: `text` is the source at `[start, end)`."""

    text: str
    start: int
    end: int


def split_lines(text: str) -> list[Line]:
    """Splits at CR LF, LF and CR; a final line break adds no empty line.

    Leading byte-order marks are skipped, since they would hide the mark of a heading.
    """
    lines = []
    at = len(text) - len(text.lstrip("\ufeff"))
    for mark in _LINE_BREAK.finditer(text):
        lines.append(Line(text[at : mark.start()], at, mark.start()))
        at = mark.end()
    if at < len(text):
        lines.append(Line(text[at:], at, len(text)))
    return lines


def trim_span(text: str, start: int, end: int) -> Span:
    """Returns the span without white space and byte-order marks at its start, and without white
    space at its end."""
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
