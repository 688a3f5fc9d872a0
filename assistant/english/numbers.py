"""Numbers in English text: digits, number words, ordinals and Roman numerals."""

import re
from functools import lru_cache

from index.terms import words

_CARDINALS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
).split()
# Alternatives for regular expressions: the counts that announce a list, and every number word.
SMALL_COUNTS = "|".join(_CARDINALS[2:11])
NUMBER_WORDS = (
    f"{'|'.join(_CARDINALS[1:])}|twenty|thirty|forty|fifty|hundred|thousand|million|billion|"
    "half|third|quarter|dozen|once|twice|double|none|both"
)
_DIGITS = re.compile(r"\b\d(?:[\d.,:]*\d)?\b")
# After a lower-case word and a space, as in "Queen Elizabeth II"; "I opened it" is a pronoun.
_ROMAN = re.compile(r"(?<=[a-z] )[IVX]{1,5}\b")
_NUMERIC_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")


@lru_cache(maxsize=4096)
def numbers(text: str, spelled: bool = True) -> frozenset[str]:
    """The numbers of a text: digits as written, ordinals as "5th", Roman numerals, and number
    words up to twelve as digits unless `spelled` is false."""
    found = {match.group() for match in _DIGITS.finditer(text)}
    found |= {match.group() for match in _ROMAN.finditer(text)}
    for word in words(text):
        if word in _ORDINALS:
            found.add(f"{_ORDINALS.index(word)}th")
        elif spelled and word in _CARDINALS:
            found.add(str(_CARDINALS.index(word)))
        elif match := _NUMERIC_ORDINAL.fullmatch(word):
            found.add(f"{match.group(1)}th")
    return frozenset(found)
