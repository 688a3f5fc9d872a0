"""Recognises tables of contents: lines that end with the number of a page, behind dots or behind
words that are a line of their own on another page."""

import re
from collections.abc import Sequence
from itertools import pairwise

from corpus.formats.pdf.pieces import Piece

_LEADER = re.compile(r"(?:[.·…]\s?){5,}\s*(?:\d{1,4}|[ivxlc]{1,7})\s*$")
_LEADS = re.compile(r"(?:[.·…]\s?){3,}$")
_PAGE = re.compile(r"(?:[.·…]\s?)*(\d{1,4})$")
_WORDS = re.compile(r"\w+")
_LETTERS = re.compile(r"[^\W\d_]{2}")
# Pieces on one line, in font sizes between their middles.
_SAME_LINE = 0.4
_MAX_PIECES = 4  # of one line
# Lines of one page, from which on they are a table of contents.
_MIN_LINES = 3


def without_contents(pages: Sequence[Sequence[Piece]]) -> tuple[list[list[Piece]], int]:
    """Returns the pieces of each page without tables of contents, and how many lines these had."""
    where: dict[str, set[int]] = {}
    for number, page in enumerate(pages):
        for piece in page:
            where.setdefault(_words(piece.text), set()).add(number)
    kept, lines = [], 0
    for number, page in enumerate(pages):
        entries = _entries(page, number, where)
        if len(entries) >= _MIN_LINES:
            lines += len(entries)
            dropped = {id(piece) for entry in entries for piece in entry}
            kept.append([piece for piece in page if id(piece) not in dropped])
        else:
            kept.append(list(page))
    return kept, lines


def _words(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))


def _entries(page: Sequence[Piece], number: int, where: dict[str, set[int]]) -> list[list[Piece]]:
    """The lines of a page that lead to others, if the numbers of these ascend."""
    entries, targets = [], []
    for line in _lines(page):
        *title, last = line
        words = _words(" ".join(piece.text for piece in title))
        is_led = _LEADER.search(last.text) or any(_LEADS.search(piece.text) for piece in title)
        is_listed = 0 < len(title) < _MAX_PIECES and any(
            other != number for other in where.get(words, ()) if _LETTERS.search(words)
        )
        found = _PAGE.search(last.text)
        if is_led or (is_listed and _PAGE.fullmatch(last.text)):
            entries.append(line)
            targets.append(int(found.group(1)) if found else 0)
    descending = sum(one > other > 0 for one, other in pairwise(targets))
    return entries if 4 * descending <= len(entries) else []


def _lines(page: Sequence[Piece]) -> list[list[Piece]]:
    lines: list[list[Piece]] = []
    for piece in page:
        last = lines[-1][-1] if lines else None
        if last and abs(piece.middle - last.middle) <= _SAME_LINE * max(piece.size, 1.0):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return lines
