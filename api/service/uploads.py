"""Documents that are sent in: checked as the reader will read them, then put into the folder.

Knows names and files; knows nothing of the index, which takes up what it finds in the folder.
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

# What a name may be made of: one that any file system keeps, and that no log or header takes for
# more than a name. Letters of any language are letters.
_PART = re.compile(r"\w(?:[\w .,+()&'-]{0,98}[\w)])?", re.UNICODE)
_LONGEST = 400  # bytes of the whole path
_DEEPEST = 8  # folders, the file included


class Uploads:
    """The folder of documents, for writing. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._removing = threading.Lock()

    def put(self, name: str, content: bytes) -> tuple[str, int]:
        """Puts a document into the folder, in place of one of the same name; its digest and
        its length in characters. When this returns it is on the disk.

        Raises UploadRefused where the name or the content is none for a document, and
        CorpusUnwritable.
        """
        path = self._path(name)
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
            self._expect_inside(path, name)
            write_atomically(path, content, 0o644)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise UploadRefused(
                f"{name!r} cannot be there: a document has the name of a folder, or a folder that "
                "of a document"
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        return text_digest(text), len(text)

    def remove(self, name: str) -> None:
        """Takes a document away. Raises UploadRefused, DocumentMissing, LastDocument where no
        other is left, and CorpusUnwritable."""
        path = self._path(name)
        try:
            self._expect_inside(path, name)
            with self._removing:
                there = list(document_paths(self._folder))
                if path not in there:
                    raise DocumentMissing(f"no document is called {name!r}: see /v1/documents")
                if there == [path]:
                    raise LastDocument(f"{name!r} is the only document: send another one first")
                path.unlink()
            fsync(path.parent)
        except CorpusMissing as error:
            raise CorpusUnwritable(str(error)) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def _path(self, name: str) -> Path:
        """Where a document of this name lies. Raises UploadRefused for what is no such name."""
        parts = name.split("/")
        if (
            not all(_PART.fullmatch(part) for part in parts)
            or len(parts) > _DEEPEST
            or len(name.encode()) > _LONGEST
        ):
            raise UploadRefused(
                f"{name!r} is no name for a document: give one like hr/leave.md, of letters, "
                f"digits, spaces and .,+()&'-_, at most {_DEEPEST} deep and {_LONGEST} bytes long"
            )
        if Path(name).suffix.lower() not in FORMATS:
            wanted = ", ".join(sorted(FORMATS))
            raise UploadRefused(f"{name!r} is in a format that is not read: send {wanted}")
        return self._folder.joinpath(*parts)

    def _expect_inside(self, path: Path, name: str) -> None:
        """Raises UploadRefused where a link on the way leads out of the folder."""
        if not path.resolve().is_relative_to(self._folder.resolve()) or path.is_symlink():
            raise UploadRefused(f"{name!r} leads out of the folder of documents: name another")

    def _unwritable(self, error: OSError) -> CorpusUnwritable:
        return CorpusUnwritable(
            f"the folder of documents cannot be written ({error.strerror or error}): free some "
            "space there, or change its permissions"
        )
