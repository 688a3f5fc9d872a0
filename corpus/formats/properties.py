"""What the properties of a file say of its document, without what programs fill in."""

import re

# Titles that programs give: the name of the file, that of a window, or of a template.
_FILE_NAME = re.compile(r"\S.*\.[a-z]\w{1,4}", re.IGNORECASE)
_DEFAULT = re.compile(
    r"untitled.*|\(?(?:anonymous|unspecified|unknown)\)?|(?:powerpoint|word|impress) presentation"
    r"|presentation\s?\d*|document\s?\d*|slide \d+|new document",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"\(?(?:anonymous|unspecified|unknown|author|user|admin|administrator|python-docx)\)?",
    re.IGNORECASE,
)
_WINDOW = re.compile(r"^Microsoft (?:Word|PowerPoint) - ")


def document_title(title: str) -> str:
    """Returns the title, "" if a program gave it."""
    title = _WINDOW.sub("", title.strip(" \t\r\n\x00"))
    is_given = _FILE_NAME.fullmatch(title) or _DEFAULT.fullmatch(title)
    return "" if is_given or not any(map(str.isalnum, title)) else title


def person(author: str) -> str:
    """Returns the author, "" if a program gave it."""
    return "" if _NOBODY.fullmatch(author.strip(" \t\r\n\x00")) else author


def day(value: str) -> str:
    """Returns the day of a date like "2024-01-31T12:00:00Z" or "D:20240131120000", as far as it
    is said."""
    found = re.match(r"\s*(?:D:)?(\d{4})(?:-?(\d\d))?(?:-?(\d\d))?", value)
    return "-".join(part for part in found.groups() if part) if found else ""
