"""Loads the documents of a folder: selects files, decodes them and chooses a parser.

The only module that opens corpus files. A text that no earlier build has indexed is parsed in a
process with limits of time and memory, so that no document can stop the others.
"""

import codecs
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from corpus.bounded import BoundedProcess, CallAbandoned, CallFailed, Limits, ProcessUnavailable
from corpus.document import Block, Document, Kind, text_digest
from corpus.errors import (
    CorpusEmpty,
    CorpusMissing,
    DocumentTooCostly,
    DocumentUnreadable,
    LoadingImpossible,
)
from corpus.markdown import front_matter, has_block_marks, has_strong_marks, markdown_blocks
from corpus.markup import strip_markup
from corpus.plaintext import plain_blocks
from corpus.splitter import split
from corpus.synonyms import Groups, read_synonyms, synonyms_path

FORMATS = frozenset({".md", ".markdown", ".txt"})
# Files are loaded into memory whole.
MAX_DOCUMENT_BYTES = 32 * 2**20
# Ordinary Markdown takes 0.7 s a megabyte to parse and split, and 40 times its size of memory.
DEFAULT_LIMITS = Limits(seconds=10, megabytes=2048)
_MAX_REASONS = 10  # files that are named if no document could be loaded
# Processor time for each megabyte of a file, besides the seconds of the limits.
_SECONDS_PER_MEGABYTE = 4.0


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """What an earlier build found out: `texts` has the path of each document that kept the limits,
    which decides how it is parsed, with the digest of its text; `too_costly` maps the digest of
    each file that exceeded the limits to the reason."""

    texts: frozenset[tuple[str, str]] = frozenset()
    too_costly: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Corpus:
    """The documents of a folder, sorted by path, an error for each file that failed to load, and
    the groups of synonyms in the file beside the folder."""

    documents: tuple[Document, ...]
    unreadable: tuple[DocumentUnreadable, ...]
    synonyms: Groups = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """The messages of the errors."""
        return tuple(str(error) for error in self.unreadable)

    @property
    def too_costly(self) -> dict[str, str]:
        """The reason for each file that exceeded a limit, by the digest of the file."""
        errors = (error for error in self.unreadable if isinstance(error, DocumentTooCostly))
        return {error.sha256: error.reason for error in errors}


def _ignore(done: int, total: int) -> None:
    """Watches nothing."""


def load_corpus(
    folder: Path,
    known: KnownFiles | None = None,
    limits: Limits = DEFAULT_LIMITS,
    watch: Callable[[int, int], None] = _ignore,
) -> Corpus:
    """Loads every document below the folder. A bad file does not stop the others.

    A file gets the processor time of the limits, and 4 seconds for each megabyte. Files that are
    `known` are not tried again. `watch` is called before each file, with the number of files that
    are done and the number of all.

    Raises CorpusMissing if the folder cannot be listed, CorpusEmpty if no document was loaded,
    LoadingImpossible, and SynonymsInvalid.
    """
    known = known or KnownFiles()
    documents = []
    unreadable = []
    with BoundedProcess("corpus.loader:load_in_child", limits) as process:
        paths = list(document_paths(folder))
        for number, path in enumerate(paths):
            watch(number, len(paths))
            try:
                documents.append(_load(folder, path, known, process))
            except DocumentUnreadable as error:
                unreadable.append(error)
    if not documents:
        wanted = ", ".join(sorted(FORMATS))
        reasons = "".join(f"; {error}" for error in unreadable[:_MAX_REASONS])
        if len(unreadable) > _MAX_REASONS:
            reasons += f"; {len(unreadable) - _MAX_REASONS:,} more"
        raise CorpusEmpty(f"no document with text in {folder} (looked for {wanted}{reasons})")
    synonyms = read_synonyms(synonyms_path(folder))
    return Corpus(tuple(documents), tuple(unreadable), synonyms)


def document_paths(folder: Path) -> Iterator[Path]:
    """Yields the documents below the folder, sorted.

    Skips hidden files and folders, and links that lead out of the folder. Raises CorpusMissing.
    """
    check_folder(folder)
    root = folder.resolve()
    for path in _visible_paths(folder):
        if _may_be_document(path) and path.resolve().is_relative_to(root):
            yield path


def skipped_files(folder: Path) -> list[str]:
    """Returns the paths of the visible files below the folder whose format is not supported."""
    return [
        path.relative_to(folder).as_posix()
        for path in _visible_paths(folder)
        if path.suffix.lower() not in FORMATS and _is_file(path)
    ]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return False


def _visible_paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def check_folder(folder: Path) -> None:
    """Raises CorpusMissing if the folder does not exist or cannot be listed."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise CorpusMissing(f"the corpus {folder} {what}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise CorpusMissing(f"the corpus {folder} cannot be listed (Permission denied)")


def _may_be_document(path: Path) -> bool:
    """Whether to load the path. Also true if permissions hide what it is: loading it reports the
    reason, skipping it would lose documents silently."""
    has_suffix = path.suffix.lower() in FORMATS
    try:
        mode = path.stat().st_mode
    except PermissionError:
        return has_suffix
    except OSError:  # a broken link, or a cycle of links
        return False
    if stat.S_ISDIR(mode):
        return not os.access(path, os.R_OK)
    return has_suffix and stat.S_ISREG(mode)


def load_document(folder: Path, path: Path) -> Document:
    """Loads one file in this process, without limits. Raises DocumentUnreadable with the file's
    name and the reason."""
    name = path.relative_to(folder).as_posix()
    return parse_document(name, decode(name, _read(name, path)))


def _load(folder: Path, path: Path, known: KnownFiles, process: BoundedProcess) -> Document:
    """Loads one file, in the process unless its text is known."""
    name = path.relative_to(folder).as_posix()
    raw = _read(name, path)
    digest = hashlib.sha256(raw).hexdigest()
    if reason := known.too_costly.get(digest):
        raise DocumentTooCostly(name, reason, digest)
    text = decode(name, raw)
    if (name, text_digest(text)) in known.texts:
        return parse_document(name, text)
    seconds = _SECONDS_PER_MEGABYTE * len(raw) / 2**20
    is_wanted = partial(os.path.exists, path)  # Path.exists() raises PermissionError
    try:
        found = process.call([name, text], more_seconds=seconds, is_wanted=is_wanted)
    except CallFailed as error:
        raise DocumentTooCostly(name, str(error), digest) from error
    except ProcessUnavailable as error:
        raise LoadingImpossible(
            f"the process that loads documents cannot be started: {error}"
        ) from error
    except CallAbandoned as error:
        raise DocumentUnreadable(f"{name}: was removed while it was loaded") from error
    return Document(name, text, tuple(_block(*fields) for fields in found))


def load_in_child(arguments: tuple[str, str]) -> list[Any]:
    """Parses a text and returns the fields of its blocks. Runs in a process of its own, and also
    does there what a build does later, which must keep the limits too."""
    document = parse_document(*arguments)
    for passage in split(document):
        strip_markup(passage.text)
    return [
        [b.kind, b.start, b.end, b.level, b.cells, b.reason, b.number, b.labels, b.answers]
        for b in document.blocks
    ]


def _block(
    kind: str, start: int, end: int, level: int, cells: list[list[int]], *rest: Any
) -> Block:
    return Block(Kind(kind), start, end, level, tuple((a, b) for a, b in cells), *rest)


def _read(name: str, path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise DocumentUnreadable(f"{name}: larger than {MAX_DOCUMENT_BYTES // 2**20} MB")
        return path.read_bytes()
    except OSError as error:
        raise DocumentUnreadable(f"{name}: cannot be read ({error.strerror})") from error


def decode(name: str, raw: bytes) -> str:
    """Decodes a file's bytes: UTF-8, or UTF-16 with a byte-order mark. Keeps line breaks.

    Raises DocumentUnreadable if the bytes are not text, or contain none.
    """
    return TextDecoder(name).decode(raw, final=True)


class TextDecoder:
    """Decodes the bytes of a file piece by piece, as decode() does at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._head = b""  # less than a byte-order mark
        self._encoding = ""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._decoded = 0  # bytes
        self._is_blank = True

    def decode(self, raw: bytes, *, final: bool = False) -> str:
        """Returns the text of the next bytes, as far as its characters are complete.

        Raises DocumentUnreadable if the bytes are not text, or with `final`, if there was no text.
        """
        if self._decoder is None:
            self._head += raw
            if len(self._head) < 2 and not final:
                return ""
            raw, self._head = self._head, b""
            is_utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            self._encoding = "utf-16" if is_utf16 else "utf-8"
            self._decoder = codecs.getincrementaldecoder(self._encoding)()
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(raw, final)
        except UnicodeDecodeError as error:
            position = self._decoded - pending + error.start
            raise DocumentUnreadable(
                f"{self._name}: not {self._encoding.upper()} text (byte {position} is "
                f"0x{error.object[error.start]:02x})"
            ) from error
        self._decoded += len(raw)
        if "\x00" in text:
            raise DocumentUnreadable(f"{self._name}: not text (contains NUL characters)")
        self._is_blank = self._is_blank and not text.strip("\ufeff \t\r\n")
        if final and self._is_blank:
            raise DocumentUnreadable(f"{self._name}: contains no text")
        return text


def parse_document(name: str, text: str) -> Document:
    """Parses a text as Markdown if it has block marks, else by its shape. A .txt file counts as
    Markdown only if its marks cannot mean anything else."""
    is_text = name.lower().endswith(".txt")
    if has_strong_marks(text) if is_text else has_block_marks(text):
        return Document(name, text, tuple(markdown_blocks(text)))
    above, body = front_matter(text)
    blocks = [block for block in above if block.start < block.end]
    return Document(name, text, (*blocks, *plain_blocks(text, body)))
