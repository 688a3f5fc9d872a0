"""The values in a text that another text can contradict: numbers with what they count, times,
dates, days of the week, and names. Pure functions of strings.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.english.agreement import UNITS, quantities
from index.identifiers import IdentifierKind, find_identifiers
from index.terms import STOP_WORDS, WORD, fold, stem

_WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_TIME = re.compile(
    r"\b\d{1,2}(?:[:.][0-5]\d)?\s?[ap]\.?m\b\.?|\b\d{1,2}:[0-5]\d\b|\b\d{1,2}\s?o['’]clock\b", re.I
)
_NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:[.,/]\d+)*(?:st|nd|rd|th)?(?!\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_CURRENCY = re.compile(r"(?:€|\$|£|¥|\b[A-Z]{3})\s?$")
_MULTIPLES = frozenset("half twice double thrice".split())
_COUNTED = 2  # words behind a number among which is what it counts
_NAME = re.compile(r"(?<![\w'’@/.-])[A-Z][\w’'-]*\w(?:[ \u00a0][A-Z][\w’'-]*\w)*")
_INSIDE = re.compile(r"(?<=[a-z,;] )[A-Z][\w-]*\w")
_POSSESSIVE = re.compile(r"['’]s$")


@dataclass(frozen=True, slots=True)
class Value:
    """A value at `[start, end)` of a text. `key` is the same for all ways to write it, and `of`
    is the stem of what a number counts or measures, "" if that is not said."""

    kind: str
    key: str
    start: int
    end: int
    of: str = ""

    def is_same(self, other: "Value") -> bool:
        """Whether both may be the same value: dates agree in what both say, names share a word."""
        if self.kind != other.kind:
            return False
        if self.kind == "date":
            return any(self._said_by_both(other)) and not self.conflicts(other)
        if self.kind == "name":
            own = {*map(stem, self.key.split())}
            return not own.isdisjoint(map(stem, other.key.split()))
        return self.key == other.key

    def conflicts(self, other: "Value") -> bool:
        """Whether both cannot be the same value of one thing. What they count is not compared."""
        if self.kind != other.kind:
            return False
        if self.kind == "date":
            return not all(self._said_by_both(other))
        return not self.is_same(other)

    def _said_by_both(self, other: "Value") -> list[bool]:
        """Whether the year, the month and the day are equal, for each that both dates say."""
        pairs = zip(self.key.split("-"), other.key.split("-"), strict=False)
        return [one == two for one, two in pairs if one and two]


class Names:
    """Which words of some texts are names: those with a capital inside a sentence that have none
    less often."""

    def __init__(self, texts: Iterable[str]) -> None:
        capital: Counter[str] = Counter()
        small: Counter[str] = Counter()
        for text in texts:
            capital.update(fold(word) for word in _INSIDE.findall(text))
            small.update(word for word in WORD.findall(text) if word[0].islower())
        self._names = frozenset(word for word, count in capital.items() if count > small[word])

    def __contains__(self, word: str) -> bool:
        folded = fold(_POSSESSIVE.sub("", word))
        is_written_so = len(word) > 1 and any(c.isupper() or c.isdigit() for c in word[1:])
        return folded in self._names or is_written_so


@lru_cache(maxsize=8192)  # many sentences are compared with the same texts
def values_in(text: str, names: Names) -> Sequence[Value]:
    """The values of a text, in order."""
    found = [*_dates(text)]
    found += _unless_taken(found, _times(text))
    found += _unless_taken(found, _numbers(text))
    found += _unless_taken(found, _names(text, names))
    return sorted(found, key=lambda each: each.start)


def is_value(text: str) -> bool:
    """Whether a text is a number or a date and nothing else."""
    rest = text
    for each in reversed([*_dates(text), *_numbers(text)]):
        rest = rest[: each.start] + rest[each.end :]
    return rest != text and not content(rest)


def _unless_taken(taken: list[Value], values: Iterable[Value]) -> list[Value]:
    return [
        each
        for each in values
        if not any(each.start < other.end and other.start < each.end for other in taken)
    ]


def _dates(text: str) -> Iterator[Value]:
    spans = []
    for each in find_identifiers(text):
        if each.kind is IdentifierKind.DATE:
            spans.append((each.start, each.end))
            yield Value("date", each.key, each.start, each.end)
    for match in WORD.finditer(text):
        word = fold(match.group()).removesuffix("s")
        if any(start <= match.start() < end for start, end in spans):
            continue
        if word in _WEEKDAYS:
            yield Value("weekday", word, *match.span())
        elif word in _MONTHS and match.group()[0].isupper():
            yield Value("date", f"-{_MONTHS.index(word) + 1:02}", *match.span())


def _times(text: str) -> Iterator[Value]:
    for match in _TIME.finditer(text):
        key = next(iter(quantities(match.group())), "")
        yield Value("time", key, *match.span())


def _numbers(text: str) -> Iterator[Value]:
    for match in _NUMBER.finditer(text):
        digits = match.group()
        of = _unit_before(text, match.start()) or _counted(text, match.end())
        if _YEAR.fullmatch(digits) and not of:
            yield Value("date", digits, *match.span())
        else:
            key = digits if "/" in digits else next(iter(quantities(digits)), digits)
            yield Value("rate" if "/" in digits else "number", key, *match.span(), of=of)
    for match in WORD.finditer(text):
        word = match.group()
        for key in quantities(word) if word.isalpha() and word.lower() not in _MULTIPLES else ():
            yield Value("number", key, *match.span(), of=_counted(text, match.end()))


def _unit_before(text: str, start: int) -> str:
    found = _CURRENCY.search(text[max(0, start - 5) : start])
    return UNITS.get(found.group().strip().lower(), "") if found else ""


def _counted(text: str, end: int) -> str:
    """The stem of the unit or the thing behind a number."""
    rest = text[end : end + 60]
    sign = re.match(r"\s?(%|°C?|€|\$|£)", rest)
    if sign:
        return UNITS.get(sign.group(1).lower(), "")
    for place, match in enumerate(re.finditer(r"[\s-]*([^\W\d_]+)|(\S)", rest)):
        word = fold(match.group(1) or "")
        if not word or place == _COUNTED:
            return ""
        if word in UNITS:
            return UNITS[word]
        if word not in STOP_WORDS:
            return stem(word)
    return ""


def _names(text: str, names: Names) -> Iterator[Value]:
    for match in _NAME.finditer(text):
        every = [word for word in re.split(r"[ \u00a0]", match.group()) if word]
        start = match.start()
        kept = []
        for word in every:
            if (word in names or _is_inside(text, start)) and fold(word) not in STOP_WORDS:
                kept.append((start, word))
            start += len(word) + 1
        if kept:
            last, word = kept[-1]
            key = " ".join(fold(_POSSESSIVE.sub("", each)) for _, each in kept)
            yield Value("name", key, kept[0][0], last + len(word))


def _is_inside(text: str, start: int) -> bool:
    """Whether a word stands inside a sentence, so that its capital makes it a name."""
    return text[max(0, start - 2) : start - 1].islower() or text[max(0, start - 2) : start] == ", "


@lru_cache(maxsize=4096)
def content(text: str) -> tuple[str, ...]:
    """The stems of the words of a text that say something and are no numbers, in order."""
    every = (fold(word) for word in WORD.findall(text))
    found = (stem(word) for word in every if word not in STOP_WORDS)
    return tuple(each for each in found if not any(map(str.isdigit, each)))
