"""Writes uploaded documents into the folder, after checking that they can be indexed.

Folders are opened one below the other, so that no link is followed, not even one that is made
meanwhile. Does not know the index, which follows the folder.
"""

import errno
import hashlib
import itertools
import os
import stat
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from api.errors import (
    CorpusUnwritable,
    DocumentMissing,
    LastDocument,
    UploadRefused,
    describe,
)
from api.service.document_names import normalize_name
from corpus.decoding import TextDecoder
from corpus.errors import CorpusMissing, DocumentUnreadable
from corpus.files import open_temporary
from corpus.folder import document_paths
from corpus.formats.registry import has_text_suffix, signature_fault
from corpus.loader import MAX_DOCUMENT_BYTES, MAX_FILE_BYTES

_SIGNATURE_BYTES = 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY


@dataclass(frozen=True)
class StoredDocument:
    """A document on the disk: its path in the folder, the SHA-256 of its text and its length in
    characters. Of a file that is not Markdown or plain text, the SHA-256 is that of the file, and
    the length 0: its text is extracted later."""

    path: str
    sha256: str
    characters: int


class Uploads:
    """Writes and deletes the documents of a folder. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._removing = threading.Lock()

    def begin(self, name: str) -> "Upload":
        """Begins an upload, which must be closed. Raises UploadRefused if the name is unsuitable,
        and CorpusUnwritable."""
        path = normalize_name(name)
        with _translated(name):
            return Upload(self._folder, path)

    def put(self, name: str, content: bytes) -> StoredDocument:
        """Writes a document, replacing one of the same name. It is on the disk when this returns.

        Raises UploadRefused if the name or the content is unsuitable, and CorpusUnwritable.
        """
        upload = self.begin(name)
        try:
            upload.write(content)
            upload.finish()
            return upload.commit()
        finally:
            upload.close()

    def remove(self, name: str) -> str:
        """Deletes a document; returns its path. Raises UploadRefused if the name is unsuitable,
        DocumentMissing, LastDocument if it is the only one, and CorpusUnwritable."""
        *folders, file = normalize_name(name).split("/")
        for part in itertools.accumulate(folders, "{}/{}".format):
            if self._folder.joinpath(part).is_file():
                raise UploadRefused(f"{name!r} is part of {part!r}: delete or replace that file")
        try:
            with _translated(name), _opened(self._folder, folders) as (handle, above):
                stored = _stored_name(handle, file)
                _check_no_link(handle, stored)
                path = self._folder.joinpath(*above, stored)
                with self._removing:
                    documents = list(document_paths(self._folder))
                    if len(above) < len(folders) or path not in documents:
                        raise DocumentMissing(f"there is no document {name!r}")
                    if documents == [path]:
                        raise LastDocument(f"{name!r} is the only document")
                    os.unlink(stored, dir_fd=handle)
                os.fsync(handle)
                return "/".join((*above, stored))
        except CorpusMissing as error:
            raise CorpusUnwritable(str(error)) from error


class Upload:
    """A document that is being written, into a hidden file that then replaces the document.

    For one thread at a time: write(), then finish() and commit(); close() in any case. All raise
    UploadRefused if the content is unsuitable, and CorpusUnwritable.
    """

    def __init__(self, root: Path, path: str) -> None:
        self._root = root
        self._path = path
        *self._folders, self._file_name = path.split("/")
        self._decoder = TextDecoder(path) if has_text_suffix(path) else None
        self._max_bytes = MAX_DOCUMENT_BYTES if self._decoder else MAX_FILE_BYTES
        self._head = b""
        self._digest = hashlib.sha256()
        self._bytes = self._characters = 0
        # In the folder of the document, as far as it exists: another one may be another disk.
        self._handle, above = _descend(root, self._folders)
        try:
            if len(above) == len(self._folders):
                _check_replaceable(self._handle, _stored_name(self._handle, self._file_name))
            self._temporary, self._file = open_temporary(self._handle)
        except (OSError, UploadRefused):
            os.close(self._handle)
            raise

    def write(self, content: bytes) -> None:
        """Writes the next bytes."""
        self._bytes += len(content)
        if self._bytes > self._max_bytes:
            size = self._max_bytes // 2**20
            raise UploadRefused(f"{self._path!r} is larger than {size} MB: split it into several")
        self._check(content)
        with _translated(self._path):
            self._file.write(content)

    def finish(self) -> None:
        """Checks the whole content, and syncs it to the disk."""
        self._check(b"", final=True)
        with _translated(self._path):
            self._file.flush()
            os.fchmod(self._file.fileno(), 0o644)
            os.fsync(self._file.fileno())

    def commit(self) -> StoredDocument:
        """Replaces the document of this name, or creates it. It is on the disk when this
        returns."""
        with _translated(self._path), _opened(self._root, self._folders, create=True) as opened:
            handle, above = opened
            name = _stored_name(handle, self._file_name)
            _check_replaceable(handle, name)
            os.replace(self._temporary, name, src_dir_fd=self._handle, dst_dir_fd=handle)
            os.fsync(handle)
        path = "/".join((*above, name))
        return StoredDocument(path, self._digest.hexdigest(), self._characters)

    def close(self) -> None:
        """Removes what was not committed."""
        with suppress(OSError):  # a full disk
            self._file.close()
        with suppress(OSError):
            os.unlink(self._temporary, dir_fd=self._handle)
        os.close(self._handle)

    def _check(self, content: bytes, *, final: bool = False) -> None:
        if self._decoder is None:
            self._check_other(content, final=final)
            return
        try:
            text = self._decoder.decode(content, final=final)
        except DocumentUnreadable as error:
            raise UploadRefused(describe(error)) from error
        self._digest.update(text.encode())
        self._characters += len(text)

    def _check_other(self, content: bytes, *, final: bool) -> None:
        """Whether the loader can read the file turns out when it is indexed."""
        self._digest.update(content)
        self._head += content[: _SIGNATURE_BYTES - len(self._head)]
        if final and not self._head.strip():
            raise UploadRefused(f"{self._path!r} contains nothing: send the whole file")
        if final and (fault := signature_fault(self._path, self._head)):
            raise UploadRefused(f"{self._path!r} {fault}: send it as its suffix says, unencrypted")


@contextmanager
def _opened(
    root: Path, folders: Sequence[str], *, create: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Opens what _descend() returns, and closes it."""
    handle, above = _descend(root, folders, create=create)
    try:
        yield handle, above
    finally:
        os.close(handle)


def _descend(root: Path, folders: Sequence[str], *, create: bool = False) -> tuple[int, list[str]]:
    """Opens the folders one below the other, up to the last that exists, or that is created.
    Returns its handle, and the names of the folders as they are stored.

    Raises OSError, and UploadRefused if one is a link.
    """
    names: list[str] = []
    with ExitStack() as stack:
        handle = _open_until(stack, root, _FOLDER)
        for folder in folders:
            name = _stored_name(handle, folder)
            _check_no_link(handle, name)
            if create:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=handle)
                    os.fsync(handle)
            try:
                handle = _open_until(stack, name, _FOLDER | os.O_NOFOLLOW, handle)
            except FileNotFoundError:
                if create:  # somebody has just removed it; the folder above is not the right one
                    raise
                break
            names.append(name)
        return os.dup(handle), names


def _open_until(stack: ExitStack, path: Path | str, flags: int, folder: int | None = None) -> int:
    """Opens a folder until the stack is closed."""
    handle = os.open(path, flags, dir_fd=folder)
    stack.callback(os.close, handle)
    return handle


def _stored_name(folder: int, name: str) -> str:
    """The name of a file in a folder as it is stored: some systems decompose letters with accents.
    The name itself if there is no such file."""
    if name.isascii() or _status(folder, name):
        return name
    entries = os.listdir(folder)
    return next((each for each in entries if unicodedata.normalize("NFC", each) == name), name)


def _check_no_link(folder: int, name: str) -> None:
    """Raises UploadRefused if the file is a symbolic link: it could lead out of the folder of
    documents, or into one that the caller may not write."""
    status = _status(folder, name)
    if status and stat.S_ISLNK(status.st_mode):
        raise UploadRefused(f"{name!r} is a link and leads out of its folder: choose another name")


def _check_replaceable(folder: int, name: str) -> None:
    """Raises UploadRefused if the file is a link, and IsADirectoryError if it is a folder."""
    _check_no_link(folder, name)
    status = _status(folder, name)
    if status and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Raises UploadRefused or CorpusUnwritable for the errors of the file system."""
    try:
        yield
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UploadRefused(
            f"{name!r} conflicts with a document or folder of the same name: choose another"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL):
            raise UploadRefused(
                f"{name!r} cannot be stored on this disk ({reason}): choose a shorter name"
            ) from error
        raise CorpusUnwritable(f"the folder of documents cannot be written ({reason})") from error
