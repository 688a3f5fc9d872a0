"""Words: splitting, stop words and stems. Knows nothing of passages."""

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import snowballstemmer

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_HYPHENATED = re.compile(r"(?<![\w-])(?!\d)[^\W_]{1,20}(?:-[^\W_]{1,20}){1,2}(?![\w-])")

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
# The stemmer keeps the word that it works on: two threads at once would get wrong stems.
_STEMMING = threading.Lock()


def words(text: str) -> list[str]:
    """Returns the words of a text in order: lower case, without accents, with inner apostrophes."""
    return [fold(word) for word in WORD.findall(text)]


def compounds(text: str) -> Iterator[str]:
    """Yields the hyphenated words of a text joined, in lower case: "wifi" for "Wi-Fi", "e44"
    for "E-44"."""
    for match in _HYPHENATED.finditer(text):
        yield fold(match.group().replace("-", ""))


def content_words(text: str) -> list[str]:
    """Returns the words that are no stop words; all words if every one is a stop word."""
    every = words(text)
    content = [word for word in every if word not in STOP_WORDS]
    return content or every


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Returns the stem of a word by the English Snowball stemmer (Porter2)."""
    with _STEMMING:
        stemmed: str = _stemmer().stemWord(word.removesuffix("'s"))
    return stemmed


@lru_cache(maxsize=8192)  # many questions find the same passages
def stems(text: str) -> frozenset[str]:
    """Returns the stems of all words of a text, and of its compounds."""
    return frozenset(stem(word) for word in (*words(text), *compounds(text)))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    return snowballstemmer.stemmer("english")


def fold(word: str) -> str:
    """Converts a word to lower case, without accents, with straight apostrophes."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower().replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))
