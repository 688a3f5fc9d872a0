"""Forms of English statements: bare titles, announced lists, definitions."""

import re

from assistant.english.numbers import SMALL_COUNTS

# Up to five words without a full stop: the line names what follows it, as a heading does.
_BARE_TITLE = re.compile(r"^[^\w\n]*(?:[^\W\d_]+[ ,&/'’-]+){0,4}[^\W\d_]+[^\w.!?:;]*$")
_COUNT = re.compile(
    rf"\b(?:{SMALL_COUNTS}|several|some|many)\s+(?:\w+\s+){{0,2}}?\w+s\b"
    rf"|\b(?:{SMALL_COUNTS}) of\b|\bfollowing\b|\bbelow\b",
    re.IGNORECASE,
)
_REFERS_BACK = re.compile(
    r"^\W*(?:they|it|he|she|this|that|these|those|them|such|both|otherwise|however|then|also|"
    r"instead|in (?:this|that|these|those|such) cases?|if (?:so|not)|but|so|therefore|for example)"
    r"\b(?!\s+(?:is|was) (?:possible|important|necessary|recommended))",
    re.IGNORECASE,
)
_KEY = re.compile(r"^(.{3,60}?)(?::| [–—-]) ")
_DEFINED = re.compile(r"^(.{3,60}?)\s(?:is|are|was|were|means?|refers? to|describes?)\s")


def is_bare_title(text: str) -> bool:
    """Whether the text is a few words that only name what follows."""
    return bool(_BARE_TITLE.match(text))


def enumerates(text: str) -> bool:
    """Whether a sentence names several things, going by its commas."""
    return text.count(",") >= 2


def announces(text: str) -> bool:
    """Whether a sentence says how many things there are, but not which."""
    return not enumerates(text) and bool(_COUNT.search(text))


def refers_back(sentence: str) -> bool:
    """Whether a sentence cannot be understood without the one before it: it starts with a pronoun
    or a word that continues an argument."""
    return bool(_REFERS_BACK.match(sentence))


def key_of(item: str) -> str | None:
    """What a list item is about: the words before its colon or dash; None if it has none."""
    found = _KEY.match(item)
    return found[1] if found else None


def defined_by(sentence: str) -> str | None:
    """What a sentence defines: the words before "is", "means", …; None if it has none."""
    found = _DEFINED.match(sentence)
    return found[1] if found else None
