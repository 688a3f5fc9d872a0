"""The manifest of a generation: how it was made, of which documents, and what its files must be."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from corpus.document import Document
from corpus.formats.registry import FORMATS_VERSION
from corpus.sources import Outcome, SourceFile
from corpus.splitter import SPLITTER_VERSION
from corpus.synonyms import Groups
from index.checksums import check_digests, check_sizes, digests_of, sizes_of
from index.errors import IndexDamaged, IndexOutdated
from index.layout import MANIFEST

# Incremented when the files of a generation change their meaning; older ones are then rebuilt.
FORMAT_VERSION = 11


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """One document of a generation; `characters` and `boilerplate` are sizes in characters. `date`,
    `author`, `url` and `language` are what it says of itself, see `Metadata`."""

    path: str
    title: str
    sha256: str
    characters: int
    passages: int
    boilerplate: int
    date: str = ""
    author: str = ""
    url: str = ""
    language: str = ""


@dataclass(frozen=True)
class Manifest:
    """How a generation was made. Two with the same `identity` and `scorer` give the same
    answers. `thresholds` were fitted on the corpus's gold questions, if there are any. `files` maps
    the names of all other files to their sizes in bytes, and `digests` to their SHA-256.
    `unreadable` has a message for each file that was left out, and `too_costly` the reason for each
    one that exceeded a limit, by its digest. `sources` reports on each visible file of the
    folder, read by loaders of the version `formats`."""

    identity: str
    format: int
    splitter: int
    formats: int
    encoder: str
    encoder_fingerprint: str
    dimensions: int
    created: str
    passages: int
    documents: tuple[IndexedDocument, ...]
    sources: tuple[SourceFile, ...]
    files: Mapping[str, int]
    digests: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    too_costly: Mapping[str, str] = field(default_factory=dict)
    scorer: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Writes the manifest: the last file of a generation, so a folder with one is complete."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises IndexOutdated if it has another format, and IndexDamaged if it cannot be read."""
        try:
            fields = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if fields.get("format") != FORMAT_VERSION:
                raise IndexOutdated(
                    f"the index {folder.name} has format {fields.get('format')}, this program "
                    f"reads {FORMAT_VERSION}"
                )
            documents = tuple(IndexedDocument(**each) for each in fields.pop("documents"))
            sources = tuple(_source(**each) for each in fields.pop("sources"))
            unreadable = tuple(fields.pop("unreadable"))
            mappings: dict[str, Any] = {
                name: dict(fields.pop(name))
                for name in ("files", "digests", "too_costly", "scorer", "thresholds")
            }
            datetime.fromisoformat(fields["created"])
            return cls(
                **fields,
                documents=documents,
                sources=sources,
                unreadable=unreadable,
                **mappings,
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexDamaged(f"the manifest of {folder} cannot be read ({error})") from error


def _source(
    outcome: str, documents: Iterable[Sequence[str]], notes: Iterable[str], **fields: str
) -> SourceFile:
    pairs = tuple((path, sha256) for path, sha256 in documents)
    return SourceFile(outcome=Outcome(outcome), documents=pairs, notes=tuple(notes), **fields)


def identity_of(
    documents: Iterable[Document | IndexedDocument], encoder_fingerprint: str, synonyms: Groups = ()
) -> str:
    """Returns a digest of everything that determines the content of a generation."""
    versions = f"{FORMAT_VERSION} {SPLITTER_VERSION} {FORMATS_VERSION}"
    digest = hashlib.sha256(f"{versions} {encoder_fingerprint}".encode())
    for document in documents:
        digest.update(f"\n{document.sha256} {document.path}".encode())
    for group in synonyms:
        digest.update(f"\n{json.dumps(group)}".encode())
    return digest.hexdigest()


def file_sizes(folder: Path) -> dict[str, int]:
    """Returns the size in bytes of every file except the manifest, by name with forward slashes."""
    return sizes_of(folder, _names(folder))


def file_digests(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of the same files."""
    return digests_of(folder, _names(folder))


def _names(folder: Path) -> list[str]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in paths]
    return [name for name in names if name != MANIFEST]


def check_file_sizes(folder: Path, manifest: Manifest) -> None:
    """Raises IndexDamaged if a file is missing or does not have the size it was written with."""
    check_sizes(folder, manifest.files, IndexDamaged)


def check_file_digests(folder: Path, manifest: Manifest, *names: str) -> None:
    """Raises IndexDamaged if the content of one of these files, by default of all, was changed.

    Reads them completely: on changed content, Chroma's native code may crash.
    """
    digests = {name: manifest.digests.get(name) for name in names or manifest.files}
    check_digests(folder, digests, IndexDamaged)


def check_compatible(manifest: Manifest, encoder_fingerprint: str) -> None:
    """Raises IndexOutdated if the generation was made with another encoder or splitter."""
    if manifest.encoder_fingerprint != encoder_fingerprint:
        raise IndexOutdated(
            f"the index was made with the encoder {manifest.encoder} "
            f"({manifest.encoder_fingerprint[:12]}), the one in use is "
            f"{encoder_fingerprint[:12]}"
        )
    if manifest.splitter != SPLITTER_VERSION:
        raise IndexOutdated(
            f"the index was made with splitter {manifest.splitter}, this program has "
            f"{SPLITTER_VERSION}"
        )
