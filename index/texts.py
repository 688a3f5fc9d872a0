"""Every text ever indexed, by digest, so that old citations can always be opened; and a record of
which document had which text.

    TEXTS/ab/ab12….txt          a text; the name is its SHA-256
    TEXTS/ab/ab12…-cd34….path   empty: the document with this digest of its path had the text
"""

import hashlib
from pathlib import Path

from corpus.document import Document
from corpus.files import fsync, write_atomically
from index.errors import TextMissing

_HEX = frozenset("0123456789abcdef")


class TextStore:
    """A folder of texts, each under the SHA-256 of its UTF-8 bytes. No text is ever changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, document: Document) -> None:
        """Stores the document's text, replaces one that was damaged, and then records that the
        document had it. Writes are atomic."""
        path = self._path(document.sha256)
        content = document.text.encode()
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        record = self._record(document.path, document.sha256)
        if not record.is_file():
            record.touch()
            fsync(record.parent)

    def read(self, sha256: str) -> str:
        """Returns the stored text. Raises TextMissing if there is none, or if it was changed."""
        if not _is_digest(sha256):
            raise TextMissing(f"{sha256!r} is not a SHA-256 digest: 64 hexadecimal digits")
        try:
            content = self._path(sha256).read_bytes()
        except OSError as error:
            raise TextMissing(f"no text is stored under {sha256}") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise TextMissing(f"the text stored under {sha256} was changed on disk")
        return content.decode()

    def digests(self) -> list[str]:
        """Returns the digests of all texts that any document ever had."""
        records = self._folder.glob("[0-9a-f][0-9a-f]/*.path")
        return sorted({path.name.partition("-")[0] for path in records})

    def had_text(self, path: str, sha256: str) -> bool:
        """Whether the document with this path ever had this text. False if it is not a digest."""
        return _is_digest(sha256) and self._record(path, sha256).is_file()

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.txt"

    def _record(self, path: str, sha256: str) -> Path:
        # A path may contain anything, lone surrogates too: only its digest becomes a file name.
        digest = hashlib.sha256(path.encode(errors="surrogatepass")).hexdigest()
        return self._folder / sha256[:2] / f"{sha256}-{digest}.path"


def _is_digest(text: str) -> bool:
    return len(text) == 64 and _HEX.issuperset(text)
