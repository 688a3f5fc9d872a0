"""Lines with their offsets: the small tools that both readers stand on."""

import re
from dataclasses import dataclass

from corpus.document import Span

_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its line break: `text` is the source at `[start, end)`."""

    text: str
    start: int
    end: int


def split_lines(text: str) -> list[Line]:
    """The lines of a text; CR LF, LF and CR end one. No line follows a last line break. A
    byte-order mark is in no line: behind it a heading's mark would be none."""
    lines = []
    at = len(text) - len(text.lstrip("\ufeff"))
    for mark in _BREAK.finditer(text):
        lines.append(Line(text[at : mark.start()], at, mark.start()))
        at = mark.end()
    if at < len(text):
        lines.append(Line(text[at:], at, len(text)))
    return lines


def trim_span(text: str, start: int, end: int) -> Span:
    """The span without white space (and byte-order marks) at its ends."""
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
