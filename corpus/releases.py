"""Recognises headings that say when or in which version everything below them holds: the release in
a changelog, the day in a programme."""

import re

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b\.?"
_DATE = re.compile(
    rf"\b\d{{4}}[-/.]\d\d[-/.]\d\d\b|\b\d\d?[/.]\d\d?[/.]\d{{4}}\b"
    rf"|\b{_DAY}\s{{0,2}}{_MONTH}(?:,?\s{{0,2}}\d{{4}}\b)?"
    rf"|\b{_MONTH}\s{{0,2}}{_DAY}(?:,?\s{{0,2}}\d{{4}}\b)?|\b{_MONTH},?\s{{0,2}}\d{{4}}\b",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\bv?\d{1,6}(?:\.\d{1,6}){1,4}(?:[-+.]?[a-z]+[-.]?\d*)?\b", re.IGNORECASE)
_UNRELEASED = re.compile(r"\W{0,3}unreleased\W{0,3}", re.IGNORECASE)
# What the heading of a release says without the word: "[3.2.0] - 2025-02-11".
RELEASED = "released"
_WORD = re.compile(r"[^\W\d_]\w*")
# Words that belong to a version or a date and name nothing themselves.
_FILLERS = frozenset(
    "v version versions release released releases unreleased update changes change changelog notes "
    "stable beta alpha rc preview lts final latest patch hotfix yanked in on of the from since for "
    "to and as monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat "
    "sun day".split()
)
_OPENINGS = frozenset(
    "v version release monday tuesday wednesday thursday friday saturday sunday".split()
)
# A heading with more other words has a subject of its own: "Rules for trips from 1 May 2024 on".
_MAX_OTHER_WORDS = 3
_MAX_LENGTH = 120


def dates_its_section(words: str) -> bool:
    """Whether the words of a heading are a version or a date with at most three words more.
    "3.2 Scope" is the number of a section."""
    if len(words) > _MAX_LENGTH:
        return False
    if not any(map(str.isdigit, words)):
        return bool(_UNRELEASED.fullmatch(words))
    rest = _DATE.sub(" ", words)
    has_date = rest != words
    version = _VERSION.search(rest)
    others = [w for w in _WORD.findall(_VERSION.sub(" ", rest)) if w.lower() not in _FILLERS]
    if len(others) > _MAX_OTHER_WORDS or not (has_date or version):
        return False
    is_numbered = version is not None and version.start() == 0 and version.group()[0].isdigit()
    return has_date or not (is_numbered and others)


def opens_with_date(line: str) -> bool:
    """Whether a line without a mark is such a heading: it opens with the version or the date, and
    is no sentence."""
    words = line.strip()
    first = _WORD.match(words)
    is_opening = _VERSION.match(words) or _DATE.match(words)
    is_word = first is not None and first.group().lower() in _OPENINGS
    return bool(is_opening or is_word) and words[-1] not in ".!?:;," and dates_its_section(words)


def is_release(words: str) -> bool:
    """Whether the words of a heading have both a version and the date of its release."""
    dated = len(words) <= _MAX_LENGTH and _DATE.search(words)
    return bool(dated and _VERSION.search(_DATE.sub(" ", words)))
