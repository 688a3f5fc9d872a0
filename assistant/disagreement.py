"""Whether two passages of different documents answer the same question with different facts: 25 and
27 days, Monday and Tuesday, yes and no.

Documents about different things do not disagree: the pool of one hotel may cost more than that of
another. So their titles and headings may differ only in numbers, dates and what kind of document
they name, as those of two versions of a policy do.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from index.terms import STOP_WORDS, stem, stems, words

# A longer text says more than one fact; and how many words, and which share of those of the
# shorter, both must have beside the values. Set by hand on made pairs of policies.
_MAX_WORDS, _MIN_SHARED, _MIN_ALIKE = 60, 2, 0.6

_MONTHS = frozenset(
    "january february march april may june july august september october november december".split()
)
_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
# What a title says of a document rather than of its subject.
_OF_DOCUMENTS = frozenset(
    stem(word)
    for word in (
        "policy guide guideline handbook manual faq question answer rule regulation instruction "
        "document page note notice memo sheet list information info overview summary version "
        "edition revision draft copy final old new current former previous latest update updated "
        "archive archived staff employee internal intranet general frequently asked"
    ).split()
)
_VALUE = re.compile(
    r"(?P<before>[$€£¥])?\s?(?P<number>\d+(?:[.,:]\d+)*)(?:st|nd|rd|th)?\s?"
    r"(?P<after>[%$€£¥]|[A-Za-z]+)?"
)
_POLARITY = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)
_WHOLE = re.compile(r"[.,]0+$")


def disagree(one: str, other: str) -> bool:
    """Whether two texts about the same subject say different facts of it."""
    if max(len(one.split()), len(other.split())) > _MAX_WORDS:
        return False
    said, opposite = _POLARITY.match(one), _POLARITY.match(other)
    if said and opposite:
        return said.group(1).lower() != opposite.group(1).lower()
    first, second = _subject(one), _subject(other)
    shared = len(first & second)
    if shared < _MIN_SHARED or shared < _MIN_ALIKE * min(len(first), len(second)):
        return False
    mine, theirs = _values(one), _values(other)
    return any(mine[kind].isdisjoint(theirs[kind]) for kind in mine.keys() & theirs.keys())


def are_of_same_subject(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether titles and headings differ only in numbers, dates and the kind of document."""
    first, second = (set(words(" ".join(path))) for path in (one, other))
    return all(
        word in STOP_WORDS
        or word in _MONTHS
        or stem(word) in _OF_DOCUMENTS
        or any(map(str.isdigit, word))
        for word in first ^ second
    )


def _subject(text: str) -> set[str]:
    """The stems of a text without values."""
    without = {each for each in stems(text) if not any(map(str.isdigit, each))}
    return without - {stem(word) for word in STOP_WORDS | _MONTHS | _DAYS}


def _values(text: str) -> Mapping[str, frozenset[str]]:
    """The values in a text by their kind: "27" days, "31 march" of a date, the days of a week."""
    found: dict[str, set[str]] = defaultdict(set)
    for value in _VALUE.finditer(text):
        number = _WHOLE.sub("", value["number"])
        unit = (value["before"] or value["after"] or "").lower()
        if unit in _MONTHS:
            found["date"].add(f"{number} {unit}")
        elif ":" in number:
            found["time"].add(number)
        else:
            found[stem(unit) if unit else ""].add(number)
    found["weekday"].update(_DAYS.intersection(words(text)))
    return {kind: frozenset(values) for kind, values in found.items() if values}
