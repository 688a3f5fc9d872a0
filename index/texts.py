"""The texts of all documents ever indexed, by digest, so that an old citation opens for ever, and
a ledger of which document had which text.

    TEXTS/ab/ab12….txt          a text, under its digest
    TEXTS/ab/ab12…-cd34….path   empty: a document had it, told by the digest of its path
"""

import hashlib
from pathlib import Path

from corpus.document import Document
from corpus.files import fsync, write_atomically
from index.errors import TextMissing

_HEX = frozenset("0123456789abcdef")


class TextStore:
    """A folder of texts, each under the SHA-256 of its UTF-8 bytes. Nothing is ever changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, document: Document) -> None:
        """Keeps the document's text, or mends one that was damaged on disk, and records that this
        path had it. Half a text is never seen, and none is recorded before it is kept."""
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
        """The kept text. Raises TextMissing where none is, or where its bytes have changed."""
        if not _is_digest(sha256):
            raise TextMissing(f"{sha256!r} is not a SHA-256 digest: 64 hexadecimal digits")
        try:
            content = self._path(sha256).read_bytes()
        except OSError as error:
            raise TextMissing(f"no text is kept under {sha256}") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise TextMissing(f"the text kept under {sha256} has been changed on disk")
        return content.decode()

    def digests(self) -> list[str]:
        """The digests of all texts that any document ever had."""
        records = self._folder.glob("[0-9a-f][0-9a-f]/*.path")
        return sorted({path.name.partition("-")[0] for path in records})

    def had_text(self, path: str, sha256: str) -> bool:
        """Whether the document of this path ever had this text. False for what is no digest."""
        return _is_digest(sha256) and self._record(path, sha256).is_file()

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.txt"

    def _record(self, path: str, sha256: str) -> Path:
        # A path may hold anything, lone surrogates too: it is never part of a file's name here.
        digest = hashlib.sha256(path.encode(errors="surrogatepass")).hexdigest()
        return self._folder / sha256[:2] / f"{sha256}-{digest}.path"


def _is_digest(text: str) -> bool:
    return len(text) == 64 and _HEX.issuperset(text)
