"""Which names an uploaded document can have: any, but those that are dangerous somewhere."""

import re
import unicodedata
from pathlib import PurePosixPath

from api.errors import UploadRefused
from corpus.formats.registry import SUFFIXES

_MAX_PATH_BYTES = 1000
_MAX_PART_BYTES = 255  # the limit of common file systems
_MAX_DEPTH = 8  # folders, including the file
# Invisible, or interpreted by terminals and logs: control and format characters, lone surrogates,
# private use, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Joiners belong to emoji and to scripts such as Devanagari; beside ASCII they are only invisible.
_JOINED = re.compile("(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")
# Some file systems or shells interpret them, as a wildcard, a variable or another path.
_SPECIAL = frozenset('\\:*?"<>|;$`')


def normalize_name(name: str) -> str:
    """Returns the path of a document in Unicode's form NFC: a letter with its accent is one
    character. Raises UploadRefused, which says what is dangerous in it."""
    path = unicodedata.normalize("NFC", name)
    parts = path.split("/")
    for part in parts:
        if fault := _fault(part):
            raise UploadRefused(f"{name!r} cannot be the name of a document: {fault}")
    if len(parts) > _MAX_DEPTH or len(path.encode()) > _MAX_PATH_BYTES:
        raise UploadRefused(
            f"{name!r} cannot be the name of a document: use at most {_MAX_DEPTH} levels and "
            f"{_MAX_PATH_BYTES} bytes"
        )
    if PurePosixPath(path).suffix.lower() not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise UploadRefused(f"the format of {name!r} is not supported: send {known}")
    return path


def _fault(part: str) -> str:
    """What is wrong with a part of a path, and the remedy; "" if nothing is."""
    if not part:
        return "a part of it is empty: use a path such as hr/leave.md"
    if part.startswith("."):
        return "a part of it starts with a dot, and hidden files are not indexed: remove the dot"
    if part.startswith(("-", "~")):
        return f"a part of it starts with {part[0]!r}, which commands interpret: remove it"
    if part != part.strip() or part.endswith("."):
        return "a part of it starts or ends with a space, or ends with a dot: remove it"
    if len(part.encode(errors="surrogatepass")) > _MAX_PART_BYTES:
        return f"a part of it is longer than {_MAX_PART_BYTES} bytes: shorten it"
    faults = (_character_fault(character) for character in _JOINED.sub("", part))
    return next((fault for fault in faults if fault), "")


def _character_fault(character: str) -> str:
    code = f"U+{ord(character):04X}"
    if character == "\ufffd":
        return "it is not UTF-8: encode it as UTF-8"
    if unicodedata.category(character) in _UNSEEN:
        return f"it contains the invisible character {code}: remove it"
    if character in _SPECIAL:
        return f"some systems interpret {character!r} ({code}): remove it"
    return ""
