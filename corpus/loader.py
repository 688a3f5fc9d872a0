"""From a folder to Documents: which files, decoded how, read as what. The one place that
opens the corpus's files."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.document import Document
from corpus.errors import CorpusEmpty, CorpusMissing, DocumentUnreadable
from corpus.markdown import has_block_marks, markdown_blocks
from corpus.plaintext import plain_blocks

FORMATS = frozenset({".md", ".markdown", ".txt"})
# Above this size a file is no document for questions; it would be read into memory whole.
MAX_DOCUMENT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Corpus:
    """The documents of a folder, by path, and what could not be read, with the reason."""

    documents: tuple[Document, ...]
    unreadable: tuple[DocumentUnreadable, ...]


def load_corpus(folder: Path) -> Corpus:
    """Reads every document below the folder. One bad file does not stop the others.

    Raises CorpusMissing where the folder is not there, CorpusEmpty where nothing could be read.
    """
    documents = []
    unreadable = []
    for path in document_paths(folder):
        try:
            documents.append(load_document(folder, path))
        except DocumentUnreadable as error:
            unreadable.append(error)
    if not documents:
        reasons = "".join(f"\n  {error}" for error in unreadable)
        wanted = ", ".join(sorted(FORMATS))
        raise CorpusEmpty(f"no document with text in {folder} (looked for {wanted}){reasons}")
    return Corpus(tuple(documents), tuple(unreadable))


def document_paths(folder: Path) -> Iterator[Path]:
    """The files below the folder that are documents, sorted; hidden ones are passed over, and
    links that lead out of the folder are not followed."""
    check_folder(folder)
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts):
            continue
        if _may_be_document(path) and path.resolve().is_relative_to(root):
            yield path


def check_folder(folder: Path) -> None:
    """Raises CorpusMissing where there is no such folder, or none that may be listed."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise CorpusMissing(f"the corpus {folder} {what}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise CorpusMissing(f"the corpus {folder} may not be listed: change its permissions")


def _may_be_document(path: Path) -> bool:
    """Whether it is a document, or something that permissions keep from being looked at: reading
    that will give the reason, passing it over would lose what it holds without a word."""
    named = path.suffix.lower() in FORMATS
    try:
        mode = path.stat().st_mode
    except PermissionError:
        return named
    except OSError:  # a link that leads nowhere, or round in a circle
        return False
    if stat.S_ISDIR(mode):
        return not os.access(path, os.R_OK)
    return named and stat.S_ISREG(mode)


def skipped_files(folder: Path) -> list[str]:
    """Returns the paths of the visible files below the folder whose format is not supported."""
    paths = ((path, path.relative_to(folder)) for path in sorted(folder.rglob("*")))
    return [
        relative.as_posix()
        for path, relative in paths
        if not any(part.startswith(".") for part in relative.parts)
        and path.suffix.lower() not in FORMATS
        and path.is_file()
    ]


def load_document(folder: Path, path: Path) -> Document:
    """One file as a Document. Raises DocumentUnreadable with the file's name and the remedy."""
    name = path.relative_to(folder).as_posix()
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise DocumentUnreadable(
                f"{name}: larger than {MAX_DOCUMENT_BYTES // 2**20} MB: split it into several files"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise DocumentUnreadable(f"{name}: cannot be read ({error.strerror})") from error
    return parse_document(name, decode(name, raw))


def decode(name: str, raw: bytes) -> str:
    """The text of a file's bytes: UTF-8, or UTF-16 where it says so. Line ends are kept."""
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentUnreadable(
            f"{name}: not UTF-8 text (byte {error.start} is 0x{raw[error.start]:02x}): "
            "save it as UTF-8"
        ) from error
    if "\x00" in text:
        raise DocumentUnreadable(f"{name}: holds NUL characters, so it is not text: remove it")
    if not text.strip("\ufeff \t\r\n"):
        raise DocumentUnreadable(f"{name}: holds no text: write some, or remove it")
    return text


def parse_document(name: str, text: str) -> Document:
    """The structure of a text: by its marks where it is Markdown that has any, else by shape."""
    marked = not name.lower().endswith(".txt") and has_block_marks(text)
    return Document(name, text, tuple(markdown_blocks(text) if marked else plain_blocks(text)))
