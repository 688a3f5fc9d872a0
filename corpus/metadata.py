"""What a document says of itself: title, date, author, address and language."""

import re
from dataclasses import asdict, dataclass, replace

_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"'\\^`{|}]{1,2000}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?(?![\d-])")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Facts about a document, "" if unknown. `date` is that of the last change, YYYY-MM-DD, YYYY-MM
    or YYYY; `url` is where the original can be opened; `language` is a code such as "en"."""

    title: str = ""
    date: str = ""
    author: str = ""
    url: str = ""
    language: str = ""


def joined(first: Metadata, second: Metadata) -> Metadata:
    """Returns the first with what it does not know from the second."""
    unknown = {name: fact for name, fact in asdict(second).items() if not getattr(first, name)}
    return replace(first, **unknown)


def is_web_address(address: str) -> bool:
    """Whether a link may lead there: an address of the web without spaces or quotation marks."""
    return bool(_WEB_ADDRESS.fullmatch(address))


def date_in(text: str) -> str:
    """Returns the date at the start of a text in the form of ISO 8601, "" if there is none."""
    found = _DATE.match(text)
    return found.group() if found else ""


def is_language(code: str) -> bool:
    """Whether the text is a code of a language, such as "en" or "en-GB"."""
    return bool(_LANGUAGE.fullmatch(code))
