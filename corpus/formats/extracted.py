"""What a loader returns: the canonical text of a file, and what of the file is not in it."""

from dataclasses import dataclass


class NotExtracted(Exception):
    """The file cannot be read as its format. The message completes "NAME: …": "is encrypted"."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """The canonical text of one document. `left_out` says what of the file the text lacks, one
    phrase for each kind: "2 pages without text (scanned)". `member` is the path inside the file if
    it contains several documents, as an archive does, else "". One without a text says what the
    whole file lacks."""

    text: str
    left_out: tuple[str, ...] = ()
    member: str = ""


def counted(count: int, noun: str, rest: str = "") -> str:
    """Counts things: "1 page", "2 pages behind page 2,000"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}{rest and ' '}{rest}"
