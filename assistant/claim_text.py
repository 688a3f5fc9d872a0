"""A sentence and the text that it cites, as words: what `claims` and `flaws` compare."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from assistant.english.agreement import clauses, quantities
from corpus.document import Kind, Passage, Unit
from index.rendering import unit_text
from index.terms import STOP_WORDS, compounds, stem, words

_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)
# Words that a fluent sentence adds without saying anything more, and numbers, which are compared as
# such.
_LIGHT = STOP_WORDS | frozenset(
    "use uses used using get gets got getting want wants need needs needed find finds take "
    "takes taken make makes made come comes go goes going put know per plus although since "
    "though while whereas among around beyond along well back two three four five six seven "
    "eight nine ten eleven twelve first second third twenty thirty pm am o'clock someone anyone "
    "somebody anybody people person thing things something anything everything everyone "
    "everybody nobody nothing without cannot unless except never always within onto via whether "
    "however therefore thus keep keeps kept turn far way according regarding concerning apply "
    "applies applied available possible able let lets needn't it's you're you'll they're "
    "there's that's doesn't isn't aren't don't can't won't".split()
)


@dataclass(frozen=True, slots=True)
class Support:
    """A unit of a passage that a sentence cites."""

    passage: Passage
    unit: Unit

    @property
    def text(self) -> str:
        """The unit with what it needs to be understood, without marks."""
        return unit_text(self.passage, self.unit)


@lru_cache(maxsize=8192)
def content(text: str) -> tuple[str, ...]:
    """The stems of the words that say something, each once, in order."""
    found = (stem(word) for word in words(text) if word not in _LIGHT)
    return tuple(dict.fromkeys(each for each in found if not each[0].isdigit()))


@lru_cache(maxsize=8192)
def stems_in(text: str) -> frozenset[str]:
    """The stems of all words, those in compounds too."""
    return frozenset(stem(word) for word in (*words(text), *compounds(text)))


def segments(support: Support) -> list[str]:
    """What a unit states together: two clauses in a row; of a table, a label with a cell, or the
    cells without their headings."""
    parts = parts_of(support)
    if support.unit.kind is Kind.CODE:
        return parts
    if support.unit.kind is Kind.ROW:
        return [*parts, " ".join(part.rpartition(": ")[2] for part in parts)]
    return [f"{one} {other}" for one, other in pairwise(parts)] or parts


def parts_of(support: Support) -> list[str]:
    """The clauses of a unit, the cells of a row behind its label, the lines of code."""
    text = support.text
    label, comma, rest = text.partition(", ")
    if support.unit.kind is Kind.ROW and comma:
        return [f"{label} {part}" for part in rest.split("; ")]
    if support.unit.kind is Kind.CODE:
        return text.split("\n")
    return clauses(text) or [text]


def anchors_of(text: str) -> frozenset[str]:
    """The stems of its names, and its numbers."""
    names = (stem(word.lower()) for word in re.findall(r"\b[A-Z][\w'’]+", text))
    return frozenset(name for name in names if name not in _STOP_STEMS).union(quantities(text))
