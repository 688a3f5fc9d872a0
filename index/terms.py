"""Words: splitting, stop words, stems and misspellings. Knows nothing of passages."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import snowballstemmer

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

# Words that express how a question is asked, not what it is about.
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
    """Returns the words of a text in order: lower case, without accents, with inner apostrophes."""
    return [fold(word) for word in WORD.findall(text)]


def content_words(text: str) -> list[str]:
    """Returns the words that are no stop words; all words if every one is a stop word."""
    every = words(text)
    content = [word for word in every if word not in STOP_WORDS]
    return content or every


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Returns the stem of a word by the English Snowball stemmer (Porter2)."""
    stemmed: str = _stemmer().stemWord(word.removesuffix("'s"))
    return stemmed


@lru_cache(maxsize=8192)  # many questions find the same passages
def stems(text: str) -> frozenset[str]:
    """Returns the stems of all words of a text."""
    return frozenset(stem(word) for word in words(text))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    return snowballstemmer.stemmer("english")


def fold(word: str) -> str:
    """Converts a word to lower case, without accents, with straight apostrophes."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower().replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


# Candidates for the correction of a short word: the words that begin questions.
_QUESTION_WORDS = ("what", "who", "how", "why", "when", "where", "which", "whose", "does", "the")


def nearest_word(word: str, known: Mapping[str, int]) -> str | None:
    """Returns the known word that this one is most likely a misspelling of: the one at the smallest
    distance, then with the same first letter, then the most frequent. None if none is near enough.

    The maximum optimal string alignment distance is 1 for words of up to seven letters and 2 for
    longer ones. Words of three letters are only corrected to question words. `known` maps words to
    their frequencies.
    """
    reach = 1 if len(word) < 8 else 2
    if word in STOP_WORDS or len(word) < 3 or not word.isalpha():
        return None
    others: Iterable[str] = _QUESTION_WORDS if len(word) < 4 else (*_QUESTION_WORDS, *known)
    found = []
    own = _letters(word)
    for other in others:
        # An edit changes at most two letters: most words are excluded without a comparison.
        if (_letters(other) ^ own).bit_count() > 2 * reach:
            continue
        if abs(len(other) - len(word)) <= reach and len(other) > 2:
            distance = edit_distance(word, other, reach)
            if distance <= reach:
                found.append((distance, other[0] != word[0], -known.get(other, 0), other))
    return min(found)[-1] if found else None


@lru_cache(maxsize=262144)
def _letters(word: str) -> int:
    """A bit set of the letters that occur; some letters share a bit."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits


def edit_distance(a: str, b: str, limit: int) -> int:
    """Returns the optimal string alignment distance (Levenshtein with transpositions), or
    `limit + 1` if it is larger than `limit`."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        older, before, row = before, row, [i] + [0] * len(b)
        for j, y in enumerate(b, start=1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > limit:
            return limit + 1
    return row[-1]
