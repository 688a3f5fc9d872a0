"""Writes uploaded documents into the folder, after checking that they can be indexed.

Does not know the index, which follows the folder.
"""

import re
import threading
from pathlib import Path

from api.errors import (
    CorpusUnwritable,
    DocumentMissing,
    LastDocument,
    UploadRefused,
    describe,
)
from corpus.document import text_digest
from corpus.errors import CorpusMissing, DocumentUnreadable
from corpus.files import fsync, write_atomically
from corpus.loader import FORMATS, MAX_DOCUMENT_BYTES, decode, document_paths

# Names that every file system can store, and that are safe in logs and headers. Letters of any
# language are letters.
_PART = re.compile(r"\w(?:[\w .,+()&'-]{0,98}[\w)])?", re.UNICODE)
_MAX_PATH_BYTES = 400
_MAX_DEPTH = 8  # folders, including the file


class Uploads:
    """Writes and deletes the documents of a folder. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._removing = threading.Lock()

    def put(self, name: str, content: bytes) -> tuple[str, int]:
        """Writes a document, replacing one of the same name; returns its digest and its length in
        characters. It is on the disk when this returns.

        Raises UploadRefused if the name or the content is unsuitable, and CorpusUnwritable.
        """
        path = self._path_of(name)
        if len(content) > MAX_DOCUMENT_BYTES:
            raise UploadRefused(
                f"more than {MAX_DOCUMENT_BYTES // 2**20} MB: split it into several"
            )
        try:
            text = decode(name, content)
        except DocumentUnreadable as error:
            raise UploadRefused(describe(error)) from error
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._check_inside(path, name)
            write_atomically(path, content, 0o644)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise UploadRefused(
                f"{name!r} conflicts with a document or folder of the same name: choose another"
            ) from error
        except OSError as error:
            raise _unwritable(error) from error
        return text_digest(text), len(text)

    def remove(self, name: str) -> None:
        """Deletes a document. Raises UploadRefused if the name is unsuitable, DocumentMissing,
        LastDocument if it is the only one, and CorpusUnwritable."""
        path = self._path_of(name)
        try:
            self._check_inside(path, name)
            with self._removing:
                documents = list(document_paths(self._folder))
                if path not in documents:
                    raise DocumentMissing(f"there is no document {name!r}")
                if documents == [path]:
                    raise LastDocument(f"{name!r} is the only document")
                path.unlink()
            fsync(path.parent)
        except CorpusMissing as error:
            raise CorpusUnwritable(str(error)) from error
        except OSError as error:
            raise _unwritable(error) from error

    def _path_of(self, name: str) -> Path:
        parts = name.split("/")
        if (
            not all(_PART.fullmatch(part) for part in parts)
            or len(parts) > _MAX_DEPTH
            or len(name.encode()) > _MAX_PATH_BYTES
        ):
            raise UploadRefused(
                f"{name!r} cannot be the name of a document: use a path such as hr/leave.md, with "
                f"letters, digits, spaces and .,+()&'-_, at most {_MAX_DEPTH} levels and "
                f"{_MAX_PATH_BYTES} bytes"
            )
        if Path(name).suffix.lower() not in FORMATS:
            known = ", ".join(sorted(FORMATS))
            raise UploadRefused(f"the format of {name!r} is not supported: send {known}")
        return self._folder.joinpath(*parts)

    def _check_inside(self, path: Path, name: str) -> None:
        """A symbolic link could lead out of the folder."""
        if not path.resolve().is_relative_to(self._folder.resolve()) or path.is_symlink():
            raise UploadRefused(f"{name!r} leads out of the folder of documents: choose another")


def _unwritable(error: OSError) -> CorpusUnwritable:
    reason = error.strerror or error
    return CorpusUnwritable(f"the folder of documents cannot be written ({reason})")
