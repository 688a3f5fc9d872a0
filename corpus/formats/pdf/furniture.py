"""Recognises running heads, feet and page numbers: the outermost lines of a page, if other pages
have the same words at the same height, or the number that counts the pages.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.formats.pdf.pieces import Piece

# The part of a page's height, at its top and at its bottom, in which they stand.
_ZONE = 0.13
# Points by which their height may differ from page to page.
_DRIFT = 6.0
# On how many pages words must be repeated; on two in a document of up to three.
_MIN_PAGES = 3
# What is so much larger than the text is a title, unless half of the pages have it.
_TITLE_SIZE = 1.25
# Pieces on one line, in font sizes between their middles.
_SAME_LINE = 0.5
# Lines at the top, and at the bottom, of a page.
_MAX_LINES = 4
# A line with the number of the page may have other words in so many pieces: that of the chapter.
_MAX_PARTS = 3
_NUMBER = re.compile(r"(?<![\d.,/-])\d{1,4}(?![\d/-]|[.,]\d)")
# A number before or behind words: that of a page in a document of which others are missing.
_OUTER_NUMBER = re.compile(r"^(?:\d{1,4}|[ivxlc]{1,7})(?=\s)|(?<=\s)(?:\d{1,4}|[ivxlc]{1,7})$")
_ROMAN = re.compile(r"[ivxlc]{1,7}", re.IGNORECASE)
_PAGE_OF = re.compile(
    r"(?:page|seite|pagina|página)?\s*\d{1,4}\s*(?:of|von|de|sur|/)\s*\d{1,4}|page\s+\d{1,4}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line near the edge of a page, and its distance from the edge: negative at the bottom."""

    page: int
    distance: float
    pieces: tuple[Piece, ...]


def without_furniture(
    pages: Sequence[Sequence[Piece]], heights: Sequence[float], body_size: float
) -> tuple[list[list[Piece]], int]:
    """Returns the pieces of each page without heads, feet and page numbers, and how many of them
    had words that stand nowhere else."""
    edges = [
        list(_edge_lines(number, page, height, from_top=from_top))
        for number, (page, height) in enumerate(zip(pages, heights, strict=True))
        for from_top in (True, False)
    ]
    offset = _page_offset(edges)
    places = _Places(pages, edges, offset)
    enough = 2 if len(pages) <= _MIN_PAGES else _MIN_PAGES
    most = max(_MIN_PAGES, len(pages) // 2)
    known = Counter(_words(piece) for page in pages for piece in page)
    dropped: set[int] = set()
    unique = 0
    for edge in edges:
        for line in edge:
            counts = [places.count(piece, line.page, line.distance) for piece in line.pieces]
            is_large = any(piece.size >= _TITLE_SIZE * body_size for piece in line.pieces)
            if is_large and min(counts) < most:
                break
            repeated = [count >= enough for count in counts]
            has_number = any(_is_page_number(piece, line.page, offset) for piece in line.pieces)
            if not all(repeated) and not (has_number and len(line.pieces) <= _MAX_PARTS):
                break
            if len(pages) < _MIN_PAGES and not all(repeated):
                dropped.update(id(p) for p in line.pieces if _is_page_number(p, line.page, offset))
                continue
            dropped.update(map(id, line.pieces))
            unique += sum(known[_words(piece)] < 2 and bool(_words(piece)) for piece in line.pieces)
    for number, page in enumerate(pages):
        turned = [piece for piece in page if piece.is_turned]
        dropped.update(id(p) for p in turned if places.count(p, number, 0.0) >= enough)
    return [[piece for piece in page if id(piece) not in dropped] for page in pages], unique


class _Places:
    """The pages on which the words near the edges and along the margins stand."""

    def __init__(
        self,
        pages: Sequence[Sequence[Piece]],
        edges: Sequence[Sequence[_Line]],
        offset: int | None,
    ) -> None:
        self._offset = offset
        self._pages: dict[tuple[str, int, int], set[int]] = defaultdict(set)
        for line in (line for edge in edges for line in edge):
            for piece in line.pieces:
                self._pages[self._key(piece, line.page, line.distance)].add(line.page)
        for number, page in enumerate(pages):
            for piece in page:
                if piece.is_turned:
                    self._pages[self._key(piece, number, 0.0)].add(number)

    def count(self, piece: Piece, page: int, distance: float) -> int:
        """Returns how many pages have the words at about this distance from the edge."""
        text, size, step = self._key(piece, page, distance)
        near = [self._pages.get((text, size, each), ()) for each in (step - 1, step, step + 1)]
        return len(set().union(*near))

    def _key(self, piece: Piece, page: int, distance: float) -> tuple[str, int, int]:
        return (*_key(piece, page, self._offset), round(distance / _DRIFT))


def _edge_lines(
    number: int, page: Sequence[Piece], height: float, *, from_top: bool
) -> Iterator[_Line]:
    """The lines near an edge, the outermost first."""
    zone = [
        piece
        for piece in page
        if not piece.is_turned
        and (piece.middle < _ZONE * height if from_top else piece.middle > (1 - _ZONE) * height)
    ]
    lines: list[list[Piece]] = []
    for piece in sorted(zone, key=lambda each: each.middle, reverse=not from_top):
        if lines and abs(piece.middle - lines[-1][0].middle) <= _SAME_LINE * piece.size:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    for line in lines[:_MAX_LINES]:
        distance = line[0].middle - (0.0 if from_top else height)
        yield _Line(number, distance, tuple(line))


def _page_offset(edges: Sequence[Sequence[_Line]]) -> int | None:
    """What has to be added to the position of a page to get its printed number."""
    seen = {
        (int(found) - line.page, line.page)
        for edge in edges
        for line in edge
        for piece in line.pieces
        for found in _NUMBER.findall(piece.text)
    }
    counts = Counter(offset for offset, _ in seen)
    offset, count = max(counts.items(), key=lambda each: (each[1], -abs(each[0])), default=(0, 0))
    pages = len(edges) // 2
    return offset if count >= min(_MIN_PAGES, pages) and pages > 1 else None


def _key(piece: Piece, page: int, offset: int | None) -> tuple[str, int]:
    """The words of a piece with "#" for the number of its page, and its size."""
    text = piece.text.casefold()
    if offset is not None:
        text = _NUMBER.sub(lambda m: "#" if int(m.group()) == page + offset else m.group(), text)
    if _ROMAN.fullmatch(text):
        text = "#"
    elif text.count(" ") > 1:
        text = _OUTER_NUMBER.sub("#", text)
    return text, round(piece.size)


def _is_page_number(piece: Piece, page: int, offset: int | None) -> bool:
    text = piece.text.strip(" -–—|[]")
    is_counted = offset is not None and text == str(page + offset)
    return is_counted or bool(_PAGE_OF.fullmatch(text))


def _words(piece: Piece) -> str:
    return re.sub(r"[\d\W_]+", " ", piece.text).strip().casefold()
