"""Joins the words of a page to pieces: text on one line without a wide gap.

A line of a page with one column is one piece; in two columns it is two, and in a table one for each
cell. Knows nothing of what pieces belong together.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.formats.pdf.characters import Page, Word
from corpus.formats.pdf.rules import Rule

# Gaps between words, in font sizes. A wider one than `_GAP` separates cells or columns; words that
# are closer than `_SPACE` and drawn one by one are one word.
_GAP = 1.15
# A gap of this width separates too, if that many of the lines near by have one there.
_NARROW_GAP = 0.7
_MIN_GAPS = 5
_NEAR_LINES = 8
_SPACE = 0.12
# A mark of a list may stand that far before its text.
_MARK_GAP = 4.0
_MARK = re.compile(
    r"[•◦▪▫●○■□▶►‣⁃∙·\ue000-\uf8ff–—*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?"
)
_WORD = re.compile(r"[^\W\d_]")
# Words of about one size stand on one line if their middles are no further apart, in font sizes:
# the lines of two columns may be half a line apart. Others do if they share that part of the height
# of the lower one, and stand no further apart than that.
_SAME_SIZE = 0.85
_MAX_DISTANCE = 0.3
_MIN_OVERLAP = 0.5
_BESIDE = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """Text on one line without a wide gap. `size` is that of most of its characters;
    `is_bold` and `is_mono` hold if all its words are. `order` is the place of its first word among
    those of the page in the file; `indent` is where the text behind the mark of a list starts.
    `is_turned` is whether it does not run as most of its page does."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    is_bold: bool = False
    is_mono: bool = False
    page: int = 0
    order: int = 0
    indent: float = 0.0
    is_turned: bool = False

    @property
    def middle(self) -> float:
        """Half-way between top and bottom."""
        return (self.top + self.bottom) / 2


def pieces(page: Page) -> list[Piece]:
    """Returns the pieces of a page, those of its main direction before the others, each from top
    to bottom."""
    found: list[Piece] = []
    order = {id(word): at for at, word in enumerate(page.words)}
    for angle in (0, 90, 180, 270):
        words = [word for word in page.words if word.angle == angle]
        if not words:
            continue
        if angle:
            # Text along the margin or in a column heading: one piece for each of its lines.
            found.extend(_turned(words, page.number, order))
            continue
        lines = [sorted(line, key=lambda word: word.x0) for line in _lines(words)]
        dividers = _Dividers(page.rules)
        runs = [run for at in range(len(lines)) for run in _runs(lines, at, dividers)]
        found.extend(_piece(run, page.number, order) for run in runs)
    return found


def _turned(words: Sequence[Word], page: int, order: Mapping[int, int]) -> Iterator[Piece]:
    run: list[Word] = []
    for word in words:
        if word.starts_line and run:
            yield _piece(run, page, order)
            run = []
        run.append(word)
    if run:
        yield _piece(run, page, order)


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    """Groups words that stand on one line, from top to bottom. What the file has as one line stays
    together, also with a raised figure in it."""
    lines: list[list[Word]] = []
    heads: list[Word] = []  # a word for each line, by which others are compared
    middles: list[float] = []  # of these, ascending
    for segment in _segments(words):
        size = _common_size(segment)
        head = max(segment, key=lambda word: (word.size == size, len(word.text)))
        middle = (head.top + head.bottom) / 2
        at = bisect_left(middles, middle)
        near = [each for each in (at - 1, at) if 0 <= each < len(lines)]
        found = next((n for n in near if _is_level(heads[n], head, lines[n], segment)), None)
        if found is None:
            lines.insert(at, segment)
            heads.insert(at, head)
            middles.insert(at, middle)
        else:
            lines[found].extend(segment)
    return lines


def _segments(words: Sequence[Word]) -> list[list[Word]]:
    """Words that the file has one after the other on one line; the larger ones first."""
    segments: list[list[Word]] = []
    for word in words:
        last = segments[-1][-1] if segments else None
        if (
            last
            and not word.starts_line
            and _may_follow(last, word)
            and (_is_of_one_size(last, word) or _is_beside(last, word.x0, word.x1))
        ):
            segments[-1].append(word)
        else:
            segments.append([word])
    return sorted(segments, key=lambda segment: -_common_size(segment))


def _is_level(one: Word, other: Word, line: Sequence[Word], segment: Sequence[Word]) -> bool:
    """Whether a segment stands on a line, by the heads of both: at the same height, or, if it is
    smaller, close beside a word of it."""
    if not _may_follow(one, other):
        return False
    if _is_of_one_size(one, other):
        return True
    start, end = min(w.x0 for w in segment), max(w.x1 for w in segment)
    return any(_is_beside(word, start, end) for word in line)


def _is_beside(word: Word, start: float, end: float) -> bool:
    """Whether the word touches what reaches from start to end, or nearly."""
    return max(start - word.x1, word.x0 - end) <= _BESIDE * word.size


def _may_follow(one: Word, other: Word) -> bool:
    """Whether two words may stand on one line, by their height."""
    if _is_of_one_size(one, other):
        distance = abs(one.top + one.bottom - other.top - other.bottom) / 2
        return distance <= _MAX_DISTANCE * max(one.size, 1.0)
    return _overlap(one, other) >= _MIN_OVERLAP


def _is_of_one_size(one: Word, other: Word) -> bool:
    return min(one.size, other.size) > _SAME_SIZE * max(one.size, other.size)


def _overlap(one: Word, other: Word) -> float:
    """The part of the height of the lower word that the other shares."""
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    lower = min(one.bottom - one.top, other.bottom - other.top)
    return shared / lower if lower > 0 else float(shared >= 0)


class _Dividers:
    """The vertical rules of a page, which no piece crosses."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        vertical = (rule for rule in rules if rule.is_vertical and rule.bottom - rule.top > 4)
        self._rules = sorted(vertical, key=lambda rule: rule.x0)
        self._starts = [rule.x0 for rule in self._rules]

    def between(self, left: Word, right: Word) -> bool:
        """Whether a rule stands between two words of a line."""
        middle = (left.top + left.bottom) / 2
        at = bisect_left(self._starts, left.x1 - 1.5)
        while at < len(self._rules) and self._rules[at].x0 <= right.x0 + 1.5:
            if self._rules[at].top <= middle <= self._rules[at].bottom:
                return True
            at += 1
        return False


def _runs(lines: Sequence[Sequence[Word]], at: int, dividers: _Dividers) -> Iterator[list[Word]]:
    """Divides a line at its wide gaps and at vertical rules."""
    run: list[Word] = []
    for word in lines[at]:
        if run and _divides(run, word, dividers, lines, at):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _divides(
    run: Sequence[Word],
    word: Word,
    dividers: _Dividers,
    lines: Sequence[Sequence[Word]],
    at: int,
) -> bool:
    last = run[-1]
    gap = (word.x0 - last.x1) / max(last.size, word.size, 1.0)
    if gap > _NARROW_GAP and not (
        len(run) == 1 and gap <= _MARK_GAP and _MARK.fullmatch(last.text)
    ):
        return gap > _GAP or _is_gutter((last.x1 + word.x0) / 2, lines, at)
    return word.x0 - last.x1 > -1 and dividers.between(last, word)


def _is_gutter(middle: float, lines: Sequence[Sequence[Word]], at: int) -> bool:
    """Whether the lines near by have a gap at the same position too."""
    gaps = crossed = 0
    for line in lines[max(0, at - _NEAR_LINES) : at + _NEAR_LINES + 1]:
        if line[0].x1 < middle < line[-1].x0:
            found = bisect_left(line, middle, key=lambda word: word.x0)
            is_free = line[found - 1].x1 <= middle
            gaps += is_free
            crossed += not is_free
    return gaps >= _MIN_GAPS and gaps >= 3 * crossed


def _piece(run: Sequence[Word], page: int, order: Mapping[int, int]) -> Piece:
    size = _common_size(run)
    full = [word for word in run if word.size >= 0.8 * size] or run
    lettered = [word for word in run if _WORD.search(word.text)] or run
    return Piece(
        _joined(run),
        min(word.x0 for word in run),
        min(word.top for word in full),
        max(word.x1 for word in run),
        max(word.bottom for word in full),
        size,
        all(word.is_bold for word in lettered),
        all(word.is_mono for word in run),
        page,
        min(order[id(word)] for word in run),
        run[1].x0 if len(run) > 1 and _MARK.fullmatch(run[0].text) else run[0].x0,
        run[0].angle != 0,
    )


def _common_size(run: Sequence[Word]) -> float:
    sizes: dict[float, int] = {}
    for word in run:
        sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
    return max(sizes, key=lambda size: (sizes[size], size))


def _joined(run: Sequence[Word]) -> str:
    """The text of the words. Text from right to left is put in the order in which it is read."""
    if _is_right_to_left(run):
        run = run[::-1]
    text = run[0].text
    for last, word in pairwise(run):
        gap = max(word.x0 - last.x1, last.x0 - word.x1)
        # Words that touch and are not divided in the file either are the halves of one.
        space = "" if gap < _SPACE * max(last.size, 1.0) and word.starts_line else " "
        text += space + word.text
    return text


_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


def _is_right_to_left(run: Sequence[Word]) -> bool:
    count = sum(1 for word in run if _RIGHT_TO_LEFT.search(word.text))
    return 2 * count > len(run)
