"""Reads the date in a text of metadata: "2024-05-01T10:00:00Z", "1 May 2024", "May 1, 2024"."""

import re
from datetime import UTC, datetime

_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?!\d)")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_DAY_FIRST = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?[ -]{_MONTH},?[ -](\d{{4}})\b", re.IGNORECASE
)
_MONTH_FIRST = re.compile(rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
# Seconds since 1970 that are dates from 2001 to 2096; with three more digits, milliseconds.
_SECONDS = range(1_000_000_000, 4_000_000_000)
_MAX_CHARS = 200


def iso_date(text: str) -> str:
    """Returns the first date in the text as YYYY-MM-DD, or as YYYY-MM or YYYY if it says no more;
    "" if it has none that is certain: 01/02/2024 may be of January or February."""
    text = text.strip()[:_MAX_CHARS]
    if found := _ISO.search(text):
        return _checked(found[1], found[2], found[3])
    if found := _DAY_FIRST.search(text):
        return _checked(found[3], _number(found[2]), found[1].zfill(2))
    if found := _MONTH_FIRST.search(text):
        return _checked(found[3], _number(found[1]), found[2].zfill(2))
    if text.isascii() and text.isdigit() and len(text) in (10, 13) and int(text[:10]) in _SECONDS:
        return datetime.fromtimestamp(int(text[:10]), UTC).date().isoformat()
    return text if _YEAR.fullmatch(text) else ""


def _number(month: str) -> str:
    return f"{_MONTHS.index(month.lower()) + 1:02d}"


def _checked(year: str, month: str, day: str | None) -> str:
    """The date if the calendar has it."""
    try:
        datetime(int(year), int(month), int(day or 1), tzinfo=UTC)
    except ValueError:
        return ""
    return f"{year}-{month}-{day}" if day else f"{year}-{month}"
