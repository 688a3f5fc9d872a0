"""Loads ZIP archives: each file in them whose format is known is a document of its own.

Members are read in the order of their names, in memory and within limits; none is written to disk.
An archive in an archive is read, one in that is not. Left out and named are members that are
encrypted, too large, damaged, of an unknown format, links, repeated by others, or whose names lead
out of the archive; hidden files and what macOS adds are passed over.
"""

import re
import stat
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Container, Iterator
from pathlib import PurePosixPath

from corpus.formats.encodings import decode_text
from corpus.formats.exports import repeated_by
from corpus.formats.extracted import Extracted, NotExtracted, counted
from corpus.formats.registry import extract, format_name, has_text_suffix, sniff
from corpus.formats.unpack import MAX_UNPACKED, is_encrypted, open_archive
from corpus.formats.writer import fold

MAX_MEMBER = 32 * 2**20  # unpacked bytes
_MAX_DEPTH = 2  # archives in an archive
_MAX_NAMED = 20  # members that are named; others are counted
_MAX_ALIKE = 5  # members with the same reason that are named
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_IGNORED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_HIDDEN = re.compile(r"\.[^./]")


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the documents in an archive, and what was left out of it."""
    reader = _Reader()
    is_empty = True
    for extracted in reader.documents(raw, "", 1):
        is_empty = False
        yield extracted
    notes = tuple(reader.notes())
    if is_empty:
        raise NotExtracted(f"contains no document ({'; '.join(notes) or 'it is empty'})")
    if notes:
        yield Extracted("", notes)


class _Reader:
    """Reads one archive and those in it, within limits for all together."""

    def __init__(self) -> None:
        self._left_out: list[str] = []
        self._not_read: defaultdict[str, list[str]] = defaultdict(list)  # members by reason
        self._unknown: Counter[str] = Counter()  # by suffix
        self._left = MAX_UNPACKED

    def notes(self) -> Iterator[str]:
        """Yields what was left out."""
        named = [*self._left_out]
        for reason, names in self._not_read.items():
            more = len(names) - _MAX_ALIKE
            named.extend(f"{name} {reason}" for name in names[:_MAX_ALIKE])
            if more > 0:
                named[-1] += f", like {counted(more, 'more file')}"
        yield from named[:_MAX_NAMED]
        if rest := named[_MAX_NAMED:]:
            yield f"{len(rest):,} more"
        for suffix, count in sorted(self._unknown.items()):
            yield counted(count, "file", f"of an unknown format ({suffix})")

    def documents(self, raw: bytes, folder: str, depth: int) -> Iterator[Extracted]:
        """Yields the documents in an archive that is `depth` archives deep."""
        with open_archive(raw, max_bytes=self._left) as archive:
            self._left -= sum(member.file_size for member in archive.infolist())
            names = frozenset(archive.namelist())
            for member in sorted(archive.infolist(), key=lambda each: each.filename):
                if not member.is_dir() and not _is_hidden(member.filename):
                    yield from self._member(archive, member, names, folder, depth)

    def _member(
        self,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        names: Container[str],
        folder: str,
        depth: int,
    ) -> Iterator[Extracted]:
        name = f"{folder}{fold(member.filename)}"
        try:
            if reason := _refused(member) or repeated_by(member.filename, names.__contains__):
                raise NotExtracted(reason)
            if not self._may_be_document(member):
                self._unknown[PurePosixPath(name).suffix.lower() or "no suffix"] += 1
                return
            raw = archive.read(member)
            yield from self._documents(raw, name, depth)
        except NotExtracted as error:
            self._not_read[str(error)].append(name)
        except _DAMAGED as error:
            self._not_read[f"is damaged ({error})"].append(name)

    def _may_be_document(self, member: zipfile.ZipInfo) -> bool:
        suffix = PurePosixPath(member.filename).suffix.lower()
        return suffix == ".zip" or bool(format_name(member.filename))

    def _documents(self, raw: bytes, name: str, depth: int) -> Iterator[Extracted]:
        """Yields the documents of a member."""
        if sniff(raw) == "ZIP":
            if depth == _MAX_DEPTH:
                raise NotExtracted("is an archive in an archive in an archive")
            yield from self.documents(raw, f"{name}/", depth + 1)
        elif has_text_suffix(name):
            yield Extracted(decode_text(raw), member=name)
        else:
            has_text = False
            for each in extract(name, raw):
                inner = f"{name}/{each.member}" if each.member else name
                self._left_out.extend(f"{what} of {inner}" for what in each.left_out)
                if each.text:
                    has_text = True
                    yield Extracted(each.text, member=inner)
            if not has_text:
                raise NotExtracted("contains no text")


def _is_hidden(name: str) -> bool:
    """Whether an operating system hides the file or added it; not for a name that leads out."""
    *_, last = parts = name.split("/")
    return parts[0] in _IGNORED or last in _IGNORED or any(map(_HIDDEN.match, parts))


def _refused(member: zipfile.ZipInfo) -> str:
    """Why a member is not read, "" if it is."""
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or ":" in name.split("/")[0][1:2]:
        return "has a name that leads out of the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    if is_encrypted(member):
        return "is encrypted"
    if member.file_size > MAX_MEMBER:
        return f"is larger than {MAX_MEMBER // 2**20} MB"
    return ""
