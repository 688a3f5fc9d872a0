"""Folders of the corpus: how they are named, and which documents lie in them."""

from collections.abc import Collection
from unicodedata import normalize


def lies_within(path: str, folders: Collection[str]) -> bool:
    """Returns whether a document lies in one of the folders, such as `hr` or `hr/benefits`, or is
    named itself. The whole corpus has no name: neither "" nor `.` is one. A letter with an accent
    is the same letter whether it is composed or decomposed."""
    path = normalize("NFC", path)
    names = (normalize("NFC", each).rstrip("/") for each in folders)
    return any(path == each or path.startswith(f"{each}/") for each in names)


def normalize_folder(name: str) -> str:
    """Returns the folder without empty parts and `.`, as the paths of its documents start.

    Raises ValueError if no document can lie in it; the message completes "the folder …".
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/"):
        raise ValueError("must not start with /")
    if "\\" in name or not name.isprintable():
        raise ValueError("contains a backslash or an unprintable character")
    if ".." in parts:
        raise ValueError("leads out of the documents")
    if any(part.startswith(".") for part in parts):
        raise ValueError("is hidden, and hidden documents are not indexed")
    if not parts:
        raise ValueError("is empty")
    return "/".join(parts)
