"""The texts of all documents ever indexed, by digest, so that an old citation opens for ever."""

import os
import tempfile
from pathlib import Path

from corpus.document import Document, text_digest
from index.errors import TextMissing

_HEX = frozenset("0123456789abcdef")


class TextStore:
    """A folder of texts, each under the SHA-256 of its UTF-8 bytes. Nothing is ever changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, document: Document) -> None:
        """Keeps the document's text, or mends one that was damaged on disk. Half a text is never
        seen."""
        path = self._path(document.sha256)
        content = document.text.encode()
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def read(self, sha256: str) -> str:
        """The kept text. Raises TextMissing where none is, or where its bytes have changed."""
        if len(sha256) != 64 or not _HEX.issuperset(sha256):
            raise TextMissing(f"{sha256!r} is not a SHA-256 digest: 64 hexadecimal digits")
        try:
            text = self._path(sha256).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise TextMissing(f"no text is kept under {sha256}") from error
        if text_digest(text) != sha256:
            raise TextMissing(f"the text kept under {sha256} has been changed on disk")
        return text

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.txt"
