"""Misspellings: which word was meant, if the one that was typed is none.

Timid: a word that is known in any form is left alone. Knows nothing of passages.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from index.terms import STOP_WORDS

Test = Callable[[str], bool]

# Endings that make another form of a word, and beginnings that make another word of it: neither
# is a misspelling.
_ENDINGS = (
    "s es 's d ed r er ers ing ings ly al en ic ist ism ize ise ized ised ful less ness able "
    "ment ion ation or ors"
).split()
_BEGINNINGS = (
    "un in im re de dis non sub pre inter trans mis over under super anti multi semi micro auto "
    "out up back down co counter fore self"
).split()
_MIN_BASE = 4  # letters of what is left of a word without its ending
_MIN_PART = 4  # letters of each half of a compound
_MAX_DOUBLED = 5  # letters of a stem whose last letter is doubled: "stopp"; "customm" is a mistake
_SIBILANTS = ("s", "x", "z", "ch", "sh", "o", "i")  # "es" behind these makes a plural


def is_known(word: str, in_documents: Test, in_language: Test) -> bool:
    """Whether a word is one of the documents or of the language, in any form: with another ending
    or beginning, or as a compound of two words of the documents."""
    forms = [word, *_bases(word)]
    return (
        any(in_documents(form) or in_language(form) for form in forms)
        or any(in_documents(word + ending) for ending in _ENDINGS)
        or any(
            in_documents(word[:cut]) and in_documents(word[cut:])
            for cut in range(_MIN_PART, len(word) - _MIN_PART + 1)
        )
    )


def _bases(word: str) -> Iterator[str]:
    """What a word may be a form of: without an ending or a beginning."""
    for ending in _ENDINGS:
        base = word.removesuffix(ending)
        if base == word or len(base) < _MIN_BASE:
            continue
        if ending != "es" or base.endswith(_SIBILANTS):
            yield base
        if ending[0] in "aei":  # bak-ing, bak-er
            yield base + "e"
        if base.endswith("i"):
            yield base[:-1] + "y"
        if base[-1] == base[-2] and len(base) <= _MAX_DOUBLED:
            yield base[:-1]
    for beginning in _BEGINNINGS:
        base = word.removeprefix(beginning)
        if base != word and len(base) >= _MIN_PART:
            yield base


def is_form_of(word: str, other: str) -> bool:
    """Whether one of two words is the other with an ending or a beginning."""
    short, long = sorted((word, other), key=len)
    return (long.startswith(short) and long.removeprefix(short) in _ENDINGS) or (
        long.endswith(short) and long.removesuffix(short) in _BEGINNINGS
    )


# The letters around each letter of a QWERTY keyboard.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    letter: "".join(
        near[max(0, column - 1) : column + 2] for near in _ROWS[max(0, row - 1) : row + 2]
    )
    for row, letters in enumerate(_ROWS)
    for column, letter in enumerate(letters)
}
# Words with fewer letters are only corrected to question words. A second edit is not allowed in
# longer words either: in NoiseQA, 22 of 33 such corrections were not what was meant.
_MIN_LETTERS = 4
_DOUBLE = re.compile(r"(.)\1")
# Candidates for the correction of a short word: the words that begin questions.
_QUESTION_WORDS = ("what", "who", "how", "why", "when", "where", "which", "whose", "does", "the")


def nearest_word(word: str, known: Mapping[str, int]) -> str | None:
    """Returns the known word that this one is most likely a misspelling of: one with all of its
    letters, then with the same first letter, then the most frequent. None if none is one edit
    (optimal string alignment) or letters that are double in one of them away, or if it is a form of
    the nearest.

    Words of three letters are only corrected to question words. `known` maps words to their
    frequencies.
    """
    if word in STOP_WORDS or len(word) < 3 or not word.isalpha():
        return None
    is_short = len(word) <= _MIN_LETTERS
    others: Iterable[str] = known if len(word) >= _MIN_LETTERS else ()
    found = []
    own = _letters(word)
    for other in (*_QUESTION_WORDS, *others):
        # An edit changes at most two letters: most words are excluded without a comparison.
        if (_letters(other) ^ own).bit_count() > 2 or len(other) < 3:
            continue
        if _is_near(word, other):
            is_unlikely = is_short and other not in _QUESTION_WORDS
            if is_unlikely and not _is_slip(word, other):
                continue  # too many short words differ in one letter
            rank = (is_unlikely, not _has_letters_of(word, other), other[0] != word[0])
            found.append((*rank, -known.get(other, 0), other))
    nearest = min(found)[-1] if found else None
    return nearest if nearest and not is_form_of(word, nearest) else None


def _is_near(word: str, other: str) -> bool:
    difference = abs(len(word) - len(other))
    if difference <= 1 and edit_distance(word, other, 1) == 1:
        return True
    return difference <= 2 and _DOUBLE.sub(r"\1", word) == _DOUBLE.sub(r"\1", other)


def _is_slip(word: str, other: str) -> bool:
    """Whether two words of one length differ by letters that are neighbours on the keyboard, or in
    their order; True for words of different lengths."""
    if len(word) != len(other) or sorted(word) == sorted(other):
        return True
    return all(a == b or b in _NEIGHBOURS.get(a, "") for a, b in zip(word, other, strict=True))


def _has_letters_of(word: str, other: str) -> bool:
    """Whether the other word has the letters of a word in this order: some were left out."""
    rest = iter(other)
    return all(letter in rest for letter in word)


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
