"""What a document says of itself: title, date, author, address and language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metadata:
    """Facts about a document, "" if unknown. `date` is that of the last change, YYYY-MM-DD, YYYY-MM
    or YYYY; `url` is where the original can be opened; `language` is a code such as "en"."""

    title: str = ""
    date: str = ""
    author: str = ""
    url: str = ""
    language: str = ""
