"""What became of a file of the corpus folder: the entry of a report, and what a build remembers of
it so that an unchanged file is not extracted again."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a file. The values are stored in the index."""

    READ = "read"
    UNREADABLE = "unreadable"  # a document that could not be loaded
    SKIPPED = "skipped"  # no document: a format that is not supported, a link that leads out


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the corpus folder. `format` is what its suffix says, "" if that is not supported.

    `sha256` is the digest of its bytes, "" if they were not read. `documents` has path and text
    digest of each document in it: one for most formats, several for an archive. `notes` say what
    of it these documents lack; `reason` why there are none.
    """

    path: str
    format: str
    outcome: Outcome
    sha256: str = ""
    documents: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
