"""The names of documents inside a file: safe to show, unique, and never a path that leads out."""

import re
from collections.abc import Collection
from pathlib import PurePosixPath

_MAX_PART_CHARS = 120
_MAX_PARTS = 12
# Control and format characters, lone surrogates and what file systems or shells interpret.
_UNSAFE = re.compile(
    '[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]|[:*?"<>|]'
)


def member_path(file: str, member: str, taken: Collection[str]) -> str:
    """Returns the path of a document inside a file: "handbook.zip/guide.md"; that of the file if
    `member` is "". Is none of `taken`; a member's folders above the file's are removed."""
    parts = [_part(part) for part in member.replace("\\", "/").split("/")]
    named = [part for part in parts if part.strip(". ")][-_MAX_PARTS:]
    path = "/".join([file, *named])
    number = 1
    unique = path
    while unique in taken:
        number += 1
        pure = PurePosixPath(path)
        unique = str(pure.with_name(f"{pure.stem} ({number}){pure.suffix}"))
    return unique


def _part(part: str) -> str:
    """A part of the path, without what is unsafe; a long one is cut before its suffix."""
    safe = _UNSAFE.sub("_", part).strip()
    if len(safe) <= _MAX_PART_CHARS:
        return safe
    suffix = PurePosixPath(safe).suffix[: _MAX_PART_CHARS // 4]
    return safe[: _MAX_PART_CHARS - len(suffix)] + suffix
