"""Words as the word search sees them: cutting, stop words, spelling. Knows no passages."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import snowballstemmer

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

# Words that say how a question is put, not what it is about.
STOP_WORDS = frozenset(
    "a about above after again all also am an and any are as at be because been before being "
    "below between both but by can could did do does doing down during each either else etc few "
    "for from further get give had has have having he her here hers herself him himself his how "
    "i if in into is it its itself just let like many may me might more most much must my "
    "myself no nor not now of off on once one only or other ought our ours ourselves out over "
    "own please same shall she should so some such tell than that the their theirs them "
    "themselves then there these they this those through to too under until up upon us very was "
    "we were what when where which while who whom whose why will with would yes you your yours "
    "yourself yourselves s t isn't aren't don't doesn't didn't won't can't i'm it's what's "
    "who's that's there's".split()
)


def words(text: str) -> list[str]:
    """The words of a text in order: lower case, without accents, apostrophes kept inside."""
    return [fold(word) for word in WORD.findall(text)]


def content_words(text: str) -> list[str]:
    """The words that say what the text is about; all of them where every word is a stop word."""
    every = words(text)
    content = [word for word in every if word not in STOP_WORDS]
    return content or every


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The word's stem after Porter's English stemmer (Snowball)."""
    stemmed: str = _stemmer().stemWord(word.removesuffix("'s"))
    return stemmed


@lru_cache(maxsize=8192)  # the same passages come up for many questions
def stems(text: str) -> frozenset[str]:
    """The stems of all words of a text."""
    return frozenset(stem(word) for word in words(text))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    return snowballstemmer.stemmer("english")


def fold(word: str) -> str:
    """Lower case, no accents, one kind of apostrophe."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower().replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


# What a mistyped short word is compared with: the words that say what is asked.
_QUESTION_WORDS = ("what", "who", "how", "why", "when", "where", "which", "whose", "does", "the")


def nearest(word: str, known: Mapping[str, int]) -> str | None:
    """The known word that the word is most likely a misspelling of: the fewest slips, then the
    same first letter, then the more frequent. None where no word is near enough.

    Optimal string alignment distance: one slip for words of four to seven letters, two from
    eight on. A shorter word is only ever a mistyped question word.
    """
    reach = 1 if len(word) < 8 else 2
    if word in STOP_WORDS or len(word) < 3 or not word.isalpha():
        return None
    others: Iterable[str] = _QUESTION_WORDS if len(word) < 4 else (*_QUESTION_WORDS, *known)
    found = []
    own = _letters(word)
    for other in others:
        # A slip changes two letters at most: most words are ruled out without comparing them.
        if (_letters(other) ^ own).bit_count() > 2 * reach:
            continue
        if abs(len(other) - len(word)) <= reach and len(other) > 2:
            slips = distance(word, other, reach)
            if slips <= reach:
                found.append((slips, other[0] != word[0], -known.get(other, 0), other))
    return min(found)[-1] if found else None


@lru_cache(maxsize=262144)
def _letters(word: str) -> int:
    """Which letters occur, a bit for each; letters that share a bit rule out less."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits


def distance(a: str, b: str, most: int) -> int:
    """Optimal string alignment distance (Levenshtein with swaps of neighbours), `most + 1` where
    it is larger than `most`."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        older, before, row = before, row, [i] + [0] * len(b)
        for j, y in enumerate(b, start=1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]
