"""Splits text into sentences with exact offsets. Knows punctuation, not structure.

The only sentence splitter of the project: loading, training and evaluation use it.
"""

import re
from collections.abc import Iterator

from corpus.document import Span

# A full stop after one of these does not end a sentence; compared in lower case, without dots.
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr gen col capt lt sgt rev hon gov sen rep vs etc eg ie cf al "
    "approx inc ltd co corp dept est fig figs vol vols pp ed eds jan feb mar apr jun jul aug "
    "sep sept oct nov dec mt ave blvd ext tel ca resp incl max min".split()
)
# Abbreviations only if a number follows: "see No. 5", but "The answer is no."
_BEFORE_NUMBERS = frozenset("no nos p c art sec ch par nr v ver".split())
# Terminal punctuation, closing quotes and brackets, then white space; or a CJK full stop.
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[”」』）]*")
_LAST_WORD = re.compile(r"([\w.]+)$")


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """Yields the sentences of `text[start:end]`, in order, each without outer white space.

    Together they cover everything but white space. A full stop after an initial or a known
    abbreviation, or before a lower-case letter, does not end a sentence.
    """
    stop = len(text) if end is None else end
    begin = start
    for mark in _END.finditer(text, start, stop):
        if mark.end() < stop and not _ends_sentence(text, begin, mark, stop):
            continue
        yield from _trimmed(text, begin, mark.end())
        begin = mark.end()
    yield from _trimmed(text, begin, stop)


def _ends_sentence(text: str, begin: int, mark: re.Match[str], stop: int) -> bool:
    if not mark.group().startswith("."):
        return _can_start(text, mark.end(), stop) or mark.group()[0] in "。！？"
    # A window, so that the work stays linear: no abbreviation is longer.
    word = _LAST_WORD.search(text, max(begin, mark.start() - 30), mark.start())
    if word and mark.group() == ".":
        letters = word.group(1)
        bare = letters.replace(".", "").lower()
        initial = len(letters) == 1 and letters.isupper()
        dotted = "." in letters and all(len(part) <= 2 for part in letters.split("."))
        if initial or bare in _ABBREVIATIONS or (dotted and bare.isalpha()):
            return False
        if bare in _BEFORE_NUMBERS and text[mark.end() : stop].lstrip()[:1].isdigit():
            return False
    return _can_start(text, mark.end(), stop)


def _can_start(text: str, at: int, stop: int) -> bool:
    """Whether a sentence can start at `at`: with anything but a lower-case letter."""
    rest = text[at : min(stop, at + 40)].lstrip()
    first = rest.lstrip("\"'“‘«([*_`")[:1]
    return not first.islower()


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
