"""Splits text into sentences with exact offsets. Knows punctuation, not structure.

The only sentence splitter of the project: loading, training and evaluation use it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from corpus.document import Span

# A full stop after one of these does not end a sentence; compared in lower case, without dots.
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr gen col capt lt sgt rev hon gov sen rep vs etc eg ie cf al "
    "approx inc ltd co corp dept est fig figs vol vols pp ed eds jan feb mar apr jun jul aug "
    "sep sept oct nov dec mt ave blvd ext tel ca resp incl max min".split()
)
# Abbreviations only if a number follows: "see No. 5", but "The answer is no."
_BEFORE_NUMBERS = frozenset("no nos p c art sec ch par nr v ver".split())
# A capital letter or an abbreviation with dots ends a sentence if one of these words follows:
# "by 5 p.m. The shop", "Vitamin C. It", but "U.S. Army".
_STARTERS = frozenset(
    "a an and but by for he however if in it its no on our please see she so the then there these "
    "they this to we what when you your".split()
)
_NEVER_LAST = frozenset(["eg", "ie", "cf"])
# Characters. A sentence that is longer is cut, in the order of preference of `_CUTS`.
_MAX_LENGTH = 600
_CUTS = ("\n", ";", ",")
# Terminal punctuation, closing quotes and brackets, then white space; or a CJK full stop.
# Possessive and only at the start of a run: linear.
_END = re.compile(
    r"(?<![.!?…])[.!?…]++(?:\]\([^()]{0,300}\)|[\"'”’»)\]*_`])*+(?=\s)|[。！？]++[”」』）]*+"
)
_LAST_WORD = re.compile(r"([\w.]+)$")
_FIRST_WORD = re.compile(r"\s*[\"'“‘«(\[*_`]*(\w+)")
# A span of code or the text of a link, which is never cut. Linear: the lengths are bounded.
_WHOLE = re.compile(r"(?<!`)`(?!`)[^`]{1,200}`(?!`)|(?<!!)\[[^\[\]]{1,300}\]\([^()]{0,300}\)")
# Characters around a full stop that decide whether it ends a sentence.
_WINDOW = 40


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """Yields the sentences of `text[start:end]`, in order, each without outer white space.

    Together they cover everything but white space. A full stop after an initial or a known
    abbreviation, or before a lower-case letter in a sentence that starts with a capital, does not
    end a sentence. What is longer than 600 characters is cut at a line break, a semicolon, a comma
    or white space.
    """
    stop = len(text) if end is None else end
    begin = start
    whole = [found.span() for found in _WHOLE.finditer(text, start, stop)]
    for mark in _END.finditer(text, start, stop):
        inside = _around(whole, mark.start())
        if inside and not _may_end_inside(text, mark.end(), inside):
            continue
        if mark.end() < stop and not _ends_sentence(text, begin, mark, stop):
            continue
        yield from _cut(text, begin, mark.end(), whole)
        begin = mark.end()
    yield from _cut(text, begin, stop, whole)


def _around(whole: Sequence[Span], at: int) -> Span | None:
    """The span that the character at `at` lies in, but not as its first one."""
    place = bisect_right(whole, (at, at))
    return whole[place - 1] if place and whole[place - 1][0] < at < whole[place - 1][1] else None


def _may_end_inside(text: str, at: int, inside: Span) -> bool:
    """Whether a sentence may end with a span of code: "Run `make.` Then wait."""
    following = _FIRST_WORD.match(text, at, at + _WINDOW)
    return at >= inside[1] and not (following and following.group(1)[0].islower())


def _ends_sentence(text: str, begin: int, mark: re.Match[str], stop: int) -> bool:
    if mark.group()[0] in "。！？":
        return True
    following = _FIRST_WORD.match(text, mark.end(), min(stop, mark.end() + _WINDOW))
    next_word = following.group(1) if following else ""
    word = _LAST_WORD.search(text, max(begin, mark.start() - _WINDOW), mark.start())
    if mark.group()[0] == "." and word and not _can_end(word.group(1), mark.group(), next_word):
        return False
    if not next_word[:1].islower():
        return True
    # In text without capitals a sentence starts with a lower-case letter.
    first = _FIRST_WORD.match(text, begin, min(stop, begin + _WINDOW))
    if first is None or mark.group() in ("...", "…"):
        return False
    return first.group(1)[0].islower()


def _can_end(word: str, mark: str, next_word: str) -> bool:
    """Whether a full stop behind the word can end a sentence: not if it is an abbreviation."""
    bare = word.replace(".", "").lower()
    if mark != ".":
        return True
    if bare in _BEFORE_NUMBERS and next_word[:1].isdigit():
        return False
    dotted = "." in word and all(len(part) <= 2 for part in word.split(".")) and bare.isalpha()
    initial = len(word) == 1 and word.isupper()
    if (dotted or initial or bare == "etc") and bare not in _NEVER_LAST:
        return next_word[:1].isupper() and next_word.lower() in _STARTERS
    return bare not in _ABBREVIATIONS and not dotted


def _cut(text: str, start: int, end: int, whole: Sequence[Span]) -> Iterator[Span]:
    """Yields the sentence without outer white space, in parts if it is too long."""
    start, end = _trimmed(text, start, end)
    while end - start > _MAX_LENGTH:
        at = _cut_position(text, start)
        if (inside := _around(whole, at)) and inside[0] > start:
            at = inside[0]
        yield _trimmed(text, start, at)
        start, end = _trimmed(text, at, end)
    if start < end:
        yield start, end


def _cut_position(text: str, start: int) -> int:
    """Where to cut a sentence that is too long: in the second half of what it may be."""
    half, limit = start + _MAX_LENGTH // 2, start + _MAX_LENGTH
    for mark in _CUTS:
        if (at := text.rfind(mark, half, limit)) >= 0:
            return at + 1
    return next((at for at in range(limit, half, -1) if text[at - 1].isspace()), limit)


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
