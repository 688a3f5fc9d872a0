"""Finds the file that a document was read from, for users who may read the document."""

import errno
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from api.errors import DocumentMissing
from index.manifest import Manifest

_PDF = "application/pdf"
_ANY = "application/octet-stream"


@dataclass(frozen=True)
class Original:
    """A file of the folder of documents. Only a PDF `is_shown` by a browser; anything else, HTML
    above all, could act in the name of the service, and is downloaded."""

    path: Path
    name: str
    media_type: str

    @property
    def is_shown(self) -> bool:
        """Whether a browser may show it."""
        return self.media_type == _PDF


def source_of(manifest: Manifest, document: str) -> str:
    """Returns the path of the file that holds a document, or that has this path itself. Raises
    DocumentMissing if there is none in the index that was read."""
    for source in manifest.sources:
        inside = (path for path, _ in source.documents)
        if source.documents and (document == source.path or document in inside):
            return source.path
    raise DocumentMissing(f"there is no document {document!r}")


def find_original(folder: Path, manifest: Manifest, document: str) -> Original:
    """Returns the file of a document as it is now, which may be newer than what was indexed. Raises
    DocumentMissing."""
    source = source_of(manifest, document)
    try:
        path = (folder / source).resolve(strict=True)
        if not (path.is_file() and path.is_relative_to(folder.resolve())):
            raise OSError(errno.ENOENT, "no regular file in the folder")
    except OSError as error:
        raise DocumentMissing(f"the file of {document!r} was removed") from error
    media_type = _PDF if path.suffix.lower() == ".pdf" else _ANY
    return Original(path, PurePosixPath(source).name, media_type)
