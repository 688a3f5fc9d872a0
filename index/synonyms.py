"""Synonyms: phrases that mean the same, so that a passage is found by words that it does not have.

They come from three places: everyday words of English, the abbreviations that the documents
explain, and the file `synonyms.txt` beside the documents. Phrases are compared by their stems.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from index.terms import STOP_WORDS, stem, words

# For a stem of a question, the sets of stems that say the same; each set is all the stems of a
# phrase.
Alternatives = Mapping[str, tuple[frozenset[str], ...]]

# Groups of phrases of everyday English, one a line: what users type, and what documents write.
_ENGLISH = """
vacation, annual leave, holiday, time off, PTO
sick note, sick certificate, medical certificate, doctor's note
sign up, register, create an account
log in, login, sign in, signin
log out, logout, sign out
config, configuration
admin, administrator
repo, repository
docs, documentation
auth, authentication
env, environment
dept, department
max, maximum
min, minimum
phone, telephone
bike, bicycle
car park, parking lot
wifi, wireless
working from home, work from home, remote work, telework, home office
opening hours, opening times, business hours
""".strip()

# A term in parentheses behind its long form, and the other way round.
_SHORT_BEHIND = re.compile(r"\(([A-Z][A-Za-z]{1,7}?)s?\)")
_LONG_BEHIND = re.compile(r"\b([A-Z][A-Za-z]{1,7}) \(([A-Za-z][A-Za-z -]{5,80})\)")
_MAX_EXTRA_WORDS = 3  # such as "of", in the long form
# Weight of a synonym relative to the word itself.
SYNONYM_WEIGHT = 0.7
_MAX_APPENDED = 6  # phrases


class Synonyms:
    """Groups of phrases that mean the same."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._groups = [[(phrase, stems_of(phrase)) for phrase in group] for group in groups]
        self._by_first: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        for number, group in enumerate(self._groups):
            for _, stems in group:
                if stems:
                    self._by_first[stems[0]].append((stems, number))

    def alternatives(self, text: str) -> Alternatives:
        """Returns the alternatives for the stems of a text, for those that have any."""
        found: dict[str, list[frozenset[str]]] = defaultdict(list)
        for own, number in self._phrases(text):
            others = [frozenset(stems) for _, stems in self._groups[number] if stems != own]
            for each in own:
                found[each] += others
        return {each: tuple(dict.fromkeys(others)) for each, others in found.items()}

    def expand(self, text: str) -> str:
        """Returns the text with the synonyms of its phrases behind it, in parentheses."""
        own = {stems for stems, _ in self._phrases(text)}
        others = [
            phrase
            for _, number in self._phrases(text)
            for phrase, stems in self._groups[number]
            if stems not in own
        ]
        appended = ", ".join(list(dict.fromkeys(others))[:_MAX_APPENDED])
        return f"{text} ({appended})" if appended else text

    def _phrases(self, text: str) -> Iterator[tuple[tuple[str, ...], int]]:
        """The phrases of the groups that stand in a text, with the numbers of their groups."""
        every = stems_of(text)
        for place, first in enumerate(every):
            for stems, number in self._by_first.get(first, ()):
                if every[place : place + len(stems)] == stems:
                    yield stems, number


def stems_of(text: str) -> tuple[str, ...]:
    """Returns the stems of a text in order."""
    return tuple(stem(word) for word in words(text))


def english_groups() -> list[list[str]]:
    """Returns the groups of everyday English."""
    return [line.split(", ") for line in _ENGLISH.splitlines()]


def abbreviations(text: str) -> Iterator[tuple[str, str]]:
    """Yields the abbreviations that a text explains, with their long forms: "SLA" and "Service
    Level Agreement" for "Service Level Agreement (SLA)" and "SLA (Service Level Agreement)"."""
    for match in _SHORT_BEHIND.finditer(text):
        line = text[max(0, match.start() - 120) : match.start()].rpartition("\n")[2]
        before = re.findall(r"[\w'-]+", line)
        size = len(match[1])
        for count in range(size, size + _MAX_EXTRA_WORDS + 1):
            if count <= len(before) and _abbreviates(match[1], before[-count:]):
                yield match[1], " ".join(before[-count:])
                break
    for match in _LONG_BEHIND.finditer(text):
        if _abbreviates(match[1], match[2].split()):
            yield match[1], match[2]


def _abbreviates(short: str, long: Sequence[str]) -> bool:
    """Whether the letters of a short form are the initials of the words of a long form."""
    if sum(letter.isupper() for letter in short) < 2 or long[0].lower() in STOP_WORDS:
        return False
    parts = [part for word in long for part in word.split("-") if part]
    initials = "".join(part[0] for part in parts).lower()
    main = "".join(part[0] for part in parts if part.lower() not in STOP_WORDS).lower()
    return short.lower() in (initials, main)
