"""What a sentence denies, and whether two sentences deny each other: "may not" and "may", "as time,
not as money" and the reverse. Pure functions of strings.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from assistant.english import thesaurus
from assistant.english.agreement import clauses
from assistant.english.values import content
from index.terms import stem

DENYING = frozenset(
    stem(word) for word in "not no never none nobody nothing cannot unable impossible".split()
)
"""The stems of words that deny."""

_DENIES = re.compile(
    r"(?<!\w)(?:not(?! only)|no(?! (?:more|less|later|earlier|fewer|longer) than)|never|none|"
    r"nobody|nothing|neither|nor|cannot|\w+n['’]t|unable|impossible|forbidden|prohibited)(?!\w)",
    re.IGNORECASE,
)
_OBJECTS = frozenset(["nothing", "none", "nobody"])
_CONDITION = re.compile(
    r"(?<!\w)(?:if|when|unless|until|once|whether|without|except)(?!\w)", re.IGNORECASE
)
_BOUNDARY = re.compile(r"[,;:.!?](?:\s+|$)|\s(?:but|and|or|so)\s")
_ROOT = 3  # letters that derived forms of a word share


def deny_each_other(one: str, own: Sequence[str], other: str, theirs: Sequence[str]) -> bool:
    """Whether one text denies what the other says, given with the stems of their words. If both
    deny something, each must deny what the other says: "as time, not as money"."""
    here, there = denied(one), denied(other)
    denies = any(_is_form_in(word, {*theirs} - there) for word in here)
    is_denied = any(_is_form_in(word, {*own} - here) for word in there)
    return denies and is_denied if here and there else denies or is_denied


@lru_cache(maxsize=4096)
def stated(text: str) -> tuple[str, ...]:
    """The whole text and its clauses that are no conditions."""
    parts = [clause for clause in clauses(text) if not _is_condition(text, text.find(clause))]
    return tuple(dict.fromkeys([text, *parts]))


def _is_condition(text: str, at: int) -> bool:
    """Whether the clause around a place opens with a condition: "if", "unless"."""
    start = max((match.end() for match in _BOUNDARY.finditer(text, 0, at)), default=0)
    return bool(_CONDITION.match(text, start)) or bool(_CONDITION.match(text, at))


@lru_cache(maxsize=4096)
def denied(text: str) -> frozenset[str]:
    """The stems of the words that are denied: the one behind "not", or the one before it if it
    ends its clause; behind and before "nothing". What a condition denies is left out."""
    found: set[str] = set()
    for match in _DENIES.finditer(text):
        if _is_condition(text, match.start()):
            continue
        boundary = _BOUNDARY.search(text, match.end())
        behind = content(text[match.end() : boundary.start() if boundary else len(text)])
        found.update(behind[:1])
        is_object = match.group().lower() in _OBJECTS
        if is_object or not (behind or (boundary and boundary.group()[0] == ":")):
            start = max((m.end() for m in _BOUNDARY.finditer(text, 0, match.start())), default=0)
            found.update(content(text[start : match.start()])[-1:])
    return frozenset(found)


def _is_form_in(word: str, have: set[str]) -> bool:
    """Whether a word or a derived form of it is there: "use" in "user"."""
    derived = thesaurus.similar(word) & have
    return word in have or any(each[:_ROOT] == word[:_ROOT] for each in derived)
