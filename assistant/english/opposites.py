"""Words of which one excludes the other, and numbers: what makes a text speak of something else
although it sounds like the question."""

import re
from collections.abc import Iterable, Set
from functools import lru_cache

from index.terms import stem, words

_PAIRS = """
    internal/external inside/outside increase/decrease increase/reduce extend/reduce grow/decline
    grow/shrink rise/fall before/after first/last earliest/latest oldest/newest minimum/maximum
    smallest/largest smallest/biggest lowest/highest least/most fewer/more shortest/longest
    cheapest/dearest north/south east/west northern/southern eastern/western buy/sell buyer/seller
    import/export input/output public/private male/female positive/negative success/failure
    succeed/fail win/lose start/end begin/end start/finish open/close enter/leave arrive/depart
    accept/reject include/exclude online/offline domestic/foreign upper/lower indoor/outdoor
    advantage/disadvantage similarity/difference employer/employee majority/minority whole/part
    full/partial major/minor encourage/discourage encourage/prevent allow/forbid permit/prohibit
    strengthen/weaken improve/worsen support/oppose attack/defend give/take lend/borrow hire/fire
    teach/learn add/remove install/uninstall enable/disable connect/disconnect upload/download
    temporary/permanent ancient/modern urban/rural summer/winter day/night morning/evening
    parent/child mother/father husband/wife brother/sister former/current strong/weak rich/poor
    hot/cold high/low
"""
OPPOSITE_WORDS = tuple((one, other) for one, other in (p.split("/") for p in _PAIRS.split()))
# Stemmed, each pair once.
OPPOSITES = tuple((stem(one), stem(other)) for one, other in OPPOSITE_WORDS)
# Both ways: of a question's few words, those that have opposites are looked up.
_OPPOSITES_OF: dict[str, list[str]] = {}
for _one, _other in OPPOSITES:
    _OPPOSITES_OF.setdefault(_one, []).append(_other)
    _OPPOSITES_OF.setdefault(_other, []).append(_one)
_PREFIX = re.compile(r"^(?:un|in|im|ir|il|non)(?=\w{5})")
_CARDINALS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
).split()
_DIGITS = re.compile(r"\b\d(?:[\d.,:]*\d)?\b")
_ROMAN = re.compile(r"(?<=[a-z] )[IVX]{1,5}\b")


def contrasts(asked: Set[str], own: Set[str]) -> bool:
    """Whether a text names the opposite of a word of the question, and not the word itself; both
    as stems."""
    pairs = [
        (word, other) for word in asked & _OPPOSITES_OF.keys() for other in _OPPOSITES_OF[word]
    ]
    for denied, word in (*_prefixed(asked), *_prefixed(own)):
        pairs += [(denied, word), (word, denied)]
    return any(
        word in asked and other not in asked and other in own and word not in own
        for word, other in pairs
    )


def _prefixed(stems: Iterable[str]) -> list[tuple[str, str]]:
    """The stems that begin with a prefix of denial, each with what it is without."""
    return [(each, _PREFIX.sub("", each)) for each in stems if _PREFIX.match(each)]


@lru_cache(maxsize=4096)
def numbers(text: str, spelled: bool = True) -> frozenset[str]:
    """The numbers of a text: digits as they stand, ordinals, Roman numerals behind a name, and
    numbers spelled out unless those are not wanted."""
    found = {match.group() for match in _DIGITS.finditer(text)}
    found |= {match.group() for match in _ROMAN.finditer(text)}
    for word in words(text):
        if word in _ORDINALS:
            found.add(f"{_ORDINALS.index(word)}th")
        elif spelled and word in _CARDINALS:
            found.add(str(_CARDINALS.index(word)))
        elif match := re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word):
            found.add(f"{match.group(1)}th")
    return frozenset(found)
