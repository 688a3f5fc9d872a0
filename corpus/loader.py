"""Loads the documents of a folder: selects files, and has them read within limits.

The only module that opens corpus files. A file that no earlier build has indexed is parsed in a
process with limits of time and memory, so that no document can stop the others.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from corpus.bounded import BoundedProcess, CallAbandoned, CallFailed, Limits, ProcessUnavailable
from corpus.decoding import decode
from corpus.document import Document, text_digest
from corpus.errors import (
    CorpusEmpty,
    DocumentNotExtracted,
    DocumentTooCostly,
    DocumentUnreadable,
    LoadingImpossible,
)
from corpus.folder import visible_files
from corpus.formats.registry import SUFFIXES, format_name, has_text_suffix, sniff
from corpus.parsing import Loaded, from_child, parse_document
from corpus.sources import Outcome, SourceFile
from corpus.synonyms import Groups, read_synonyms, synonyms_path

# Text files are loaded into memory whole, others in the process with limits.
MAX_DOCUMENT_BYTES = 32 * 2**20
MAX_FILE_BYTES = 128 * 2**20
# Ordinary Markdown takes 0.7 s a megabyte to parse and split, and 40 times its size of memory.
DEFAULT_LIMITS = Limits(seconds=10, megabytes=2048)
_MAX_REASONS = 10  # files that are named if no document could be loaded
# Processor time for each megabyte of a file, besides the seconds of the limits.
_SECONDS_PER_MEGABYTE = 4.0


# A format that is no text unpacks and lays out what it contains.
_EXTRACTION_FACTOR = 6


def _read_nothing(_: str) -> None:
    """Knows no text."""


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """What an earlier build found out: `texts` has the path of each document that kept the limits,
    which decides how it is parsed, with the digest of its text; `too_costly` maps the digest of
    each file that exceeded the limits to the reason; `sources` has its report of each file, by
    path. `read_text` returns the text with a digest, None if it is not stored."""

    texts: frozenset[tuple[str, str]] = frozenset()
    too_costly: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, SourceFile] = field(default_factory=dict, compare=False)
    read_text: Callable[[str], str | None] = field(default=_read_nothing, compare=False)


@dataclass(frozen=True)
class Corpus:
    """The documents of a folder, sorted by the paths of their files, an error for each file that
    failed to load, the groups of synonyms in the file beside the folder, and a report of each
    visible file."""

    documents: tuple[Document, ...]
    unreadable: tuple[DocumentUnreadable, ...]
    synonyms: Groups = ()
    sources: tuple[SourceFile, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """The messages of the errors."""
        return tuple(str(error) for error in self.unreadable)

    @property
    def too_costly(self) -> dict[str, str]:
        """The reason for each file that exceeded a limit, by the digest of the file."""
        errors = (error for error in self.unreadable if isinstance(error, DocumentTooCostly))
        return {error.sha256: error.cause for error in errors}


def _ignore(done: int, total: int) -> None:
    """Watches nothing."""


def load_corpus(
    folder: Path,
    known: KnownFiles | None = None,
    limits: Limits = DEFAULT_LIMITS,
    watch: Callable[[int, int], None] = _ignore,
) -> Corpus:
    """Loads every document below the folder. A bad file does not stop the others.

    A file gets the processor time of the limits, 6 times as much if it is not text, and 4 seconds
    for each megabyte. Files that are `known` are not tried again. `watch` is called before each
    file, with the number of files that are done and the number of all.

    Raises CorpusMissing if the folder cannot be listed, CorpusEmpty if no document was loaded,
    LoadingImpossible, and SynonymsInvalid.
    """
    documents: list[Document] = []
    unreadable: list[DocumentUnreadable] = []
    sources: list[SourceFile] = []
    with BoundedProcess("corpus.parsing:load_in_child", limits) as process:
        loader = _FileLoader(folder, known or KnownFiles(), process, limits.seconds)
        paths = list(visible_files(folder))
        for number, (path, skipped) in enumerate(paths):
            watch(number, len(paths))
            file = _File(path, path.relative_to(folder).as_posix())
            if skipped:
                sources.append(file.report(Outcome.SKIPPED, reason=skipped))
                continue
            try:
                loaded = loader.load(file)
            except DocumentUnreadable as error:
                unreadable.append(error)
                sources.append(file.report(Outcome.UNREADABLE, reason=error.reason))
            else:
                documents.extend(loaded.documents)
                sources.append(file.report(Outcome.READ, loaded))
    if not documents:
        wanted = ", ".join(sorted(SUFFIXES))
        reasons = "".join(f"; {error}" for error in unreadable[:_MAX_REASONS])
        if len(unreadable) > _MAX_REASONS:
            reasons += f"; {len(unreadable) - _MAX_REASONS:,} more"
        raise CorpusEmpty(f"no document with text in {folder} (looked for {wanted}{reasons})")
    synonyms = read_synonyms(synonyms_path(folder))
    return Corpus(tuple(documents), tuple(unreadable), synonyms, tuple(sources))


def load_document(folder: Path, path: Path) -> Document:
    """Loads one text file in this process, without limits. Raises DocumentUnreadable with the
    file's name and the reason."""
    file = _File(path, path.relative_to(folder).as_posix())
    return parse_document(file.name, decode(file.name, file.read()))


def load_file(path: Path, limits: Limits = DEFAULT_LIMITS) -> tuple[Loaded, str]:
    """Loads the documents of one file of any format, within limits; also returns the digest of the
    file. Raises DocumentUnreadable and LoadingImpossible."""
    file = _File(path, path.name)
    with BoundedProcess("corpus.parsing:load_in_child", limits) as process:
        loaded = _FileLoader(path.parent, KnownFiles(), process, limits.seconds).load(file)
    return loaded, file.sha256


@dataclass(slots=True)
class _File:
    """A file of the folder; `sha256` is set when it is read."""

    path: Path
    name: str
    sha256: str = ""
    size: int = 0

    def read(self) -> bytes:
        """Raises DocumentUnreadable, also if it is larger than a text may be."""
        with self._translate_errors():
            self._check_size(MAX_DOCUMENT_BYTES)
            raw = self.path.read_bytes()
        self.sha256 = hashlib.sha256(raw).hexdigest()
        return raw

    def digest(self) -> str:
        """Raises DocumentUnreadable, also if it is larger than any file may be."""
        with self._translate_errors(), self.path.open("rb") as stream:
            self._check_size(MAX_FILE_BYTES)
            self.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return self.sha256

    def report(
        self, outcome: Outcome, loaded: Loaded | None = None, *, reason: str = ""
    ) -> SourceFile:
        """Returns what became of it."""
        found = loaded or Loaded()
        return SourceFile(
            path=self.name,
            format=format_name(self.name),
            outcome=outcome,
            sha256=self.sha256,
            documents=tuple((document.path, document.sha256) for document in found.documents),
            notes=found.notes,
            reason=reason,
        )

    def _check_size(self, limit: int) -> None:
        self.size = self.path.stat().st_size
        if self.size > limit:
            raise DocumentUnreadable(self.name, f"larger than {limit // 2**20} MB")

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DocumentUnreadable(self.name, f"cannot be read ({error.strerror})") from error


@dataclass(frozen=True, slots=True)
class _FileLoader:
    """Loads the files of a folder, those that are not known in the process."""

    folder: Path
    known: KnownFiles
    process: BoundedProcess
    seconds: float  # of the limits

    def load(self, file: _File) -> Loaded:
        """Raises DocumentUnreadable, LoadingImpossible."""
        return self._text(file) if has_text_suffix(file.name) else self._other(file)

    def _text(self, file: _File) -> Loaded:
        """A file whose decoded content is the text of the document."""
        raw = file.read()
        self._check_known_costs(file)
        try:
            text = decode(file.name, raw)
        except DocumentUnreadable as error:
            if found := sniff(raw):
                raise DocumentUnreadable(
                    file.name, f"is {found}, not text: change its suffix"
                ) from error
            raise
        if (file.name, text_digest(text)) in self.known.texts:
            return Loaded((parse_document(file.name, text),))
        return self._call(file, [file.name, text], 0.0, text)

    def _other(self, file: _File) -> Loaded:
        """A file of another format, from the stored texts if it has not changed."""
        digest = file.digest()
        self._check_known_costs(file)
        before = self.known.sources.get(file.name)
        if before and before.sha256 == digest:
            if before.reason:
                raise DocumentNotExtracted(file.name, before.reason)
            texts = [(path, self.known.read_text(sha256)) for path, sha256 in before.documents]
            documents = tuple(parse_document(path, text) for path, text in texts if text)
            if len(documents) == len(texts):
                return Loaded(documents, before.notes)
        more_seconds = (_EXTRACTION_FACTOR - 1) * self.seconds
        loaded = self._call(file, [file.name, str(file.path), digest], more_seconds)
        if loaded.has_changed:
            file.sha256 = ""  # it is not known what this is the digest of
            raise DocumentUnreadable(file.name, "was changed while it was loaded")
        if loaded.reason:
            raise DocumentNotExtracted(file.name, loaded.reason)
        return loaded

    def _check_known_costs(self, file: _File) -> None:
        if reason := self.known.too_costly.get(file.sha256):
            raise DocumentTooCostly(file.name, reason, file.sha256)

    def _call(
        self, file: _File, arguments: list[str], more_seconds: float, text: str = ""
    ) -> Loaded:
        seconds = more_seconds + _SECONDS_PER_MEGABYTE * file.size / 2**20
        is_wanted = partial(os.path.exists, file.path)  # Path.exists() raises PermissionError
        try:
            result = self.process.call(arguments, more_seconds=seconds, is_wanted=is_wanted)
        except CallFailed as error:
            raise DocumentTooCostly(file.name, str(error), file.sha256) from error
        except ProcessUnavailable as error:
            raise LoadingImpossible(
                f"the process that loads documents cannot be started: {error}"
            ) from error
        except CallAbandoned as error:
            file.sha256 = ""
            raise DocumentUnreadable(file.name, "was removed while it was loaded") from error
        return from_child(result, text)
