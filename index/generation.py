"""A generation: an immutable folder that holds one state of the index, and the pointer to the
one that is published.

    DATA/current                      the published generation's id, replaced atomically
    DATA/generations/ID/manifest.json how it was made, of what, and what its files have to be
                       passages.sqlite, vectors.npy, chroma/
    DATA/texts/, DATA/encoders/       shared by all generations
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from corpus.document import Document
from corpus.files import sync
from corpus.splitter import SPLITTER_VERSION
from index.encoder import Vectors
from index.errors import IndexBusy, IndexDamaged, IndexMissing, IndexOutdated, IndexUnwritable
from index.scratch import copied
from index.vectors import VectorStore
from index.passages import PassageStore

# Raised when a generation's files change their meaning; older ones are then built anew.
FORMAT_VERSION = 4
_MANIFEST = "manifest.json"
# Published generations that stay beside the current one, for readers that still use them.
_KEPT = 1


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """What the manifest says of one document; sizes in characters, boilerplate too."""

    path: str
    title: str
    sha256: str
    characters: int
    passages: int
    boilerplate: int


@dataclass(frozen=True)
class Manifest:
    """How a generation was made. Two of the same `identity` and `calibration` answer alike;
    `thresholds` were tuned on the gold questions that the calibration names, if any. `files` are
    the sizes in bytes of all its other files, by their names in the folder, and `digests` their
    SHA-256."""

    identity: str
    format: int
    splitter: int
    encoder: str
    encoder_fingerprint: str
    dimensions: int
    created: str
    passages: int
    documents: tuple[IndexedDocument, ...]
    files: Mapping[str, int]
    digests: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    calibration: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Writes manifest.json; it is a generation's last file, so a folder with one is whole."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        (folder / _MANIFEST).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises IndexDamaged where the manifest is missing or not one of this format's."""
        try:
            fields = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
            if fields.get("format") != FORMAT_VERSION:
                raise IndexOutdated(
                    f"the index {folder.name} has format {fields.get('format')}, this program "
                    f"reads {FORMAT_VERSION}: run `assistant index`"
                )
            documents = tuple(IndexedDocument(**each) for each in fields.pop("documents"))
            unreadable = tuple(fields.pop("unreadable"))
            mappings: dict[str, Any] = {
                name: dict(fields.pop(name))
                for name in ("files", "digests", "calibration", "thresholds")
            }
            datetime.fromisoformat(fields["created"])
            return cls(**fields, documents=documents, unreadable=unreadable, **mappings)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexDamaged(
                f"the manifest of {folder} cannot be read ({error}): "
                "run `assistant index --rebuild`"
            ) from error


def identity_of(documents: Iterable[Document], encoder_fingerprint: str) -> str:
    """A digest of all that decides a generation's content."""
    digest = hashlib.sha256(f"{FORMAT_VERSION} {SPLITTER_VERSION} {encoder_fingerprint}".encode())
    for document in documents:
        digest.update(f"\n{document.sha256} {document.path}".encode())
    return digest.hexdigest()


def file_sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file of a generation but its manifest, by name, with forward slashes."""
    return {name: path.stat().st_size for name, path in _files(folder)}


def file_digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of the same files."""
    return {name: _digest(path) for name, path in _files(folder)}


def _files(folder: Path) -> list[tuple[str, Path]]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    named = [(path.relative_to(folder).as_posix(), path) for path in paths]
    return [(name, path) for name, path in named if name != _MANIFEST]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expect_whole(folder: Path, manifest: Manifest) -> None:
    """Raises IndexDamaged where a file is missing, or has not the size it was written with."""
    for name, size in manifest.files.items():
        try:
            found = (folder / name).stat().st_size
        except OSError as error:
            raise IndexDamaged(
                f"{folder / name} cannot be read ({error.strerror}): "
                "run `assistant index --rebuild`"
            ) from error
        if found != size:
            raise IndexDamaged(
                f"{folder / name} has {found} bytes of {size}: run `assistant index --rebuild`"
            )


def check_file_digests(folder: Path, manifest: Manifest, *names: str) -> None:
    """Raises IndexDamaged where one of these files, or of all, is not what it was written as.
    Reads them whole: over a file whose content was changed, Chroma's native code may crash."""
    for name in names or manifest.files:
        try:
            found = _digest(folder / name)
        except OSError as error:
            raise IndexDamaged(
                f"{folder / name} cannot be read ({error.strerror}): "
                "run `assistant index --rebuild`"
            ) from error
        if found != manifest.digests.get(name):
            raise IndexDamaged(
                f"{folder / name} was changed on disk: run `assistant index --rebuild`"
            )


def check_passage_count(folder: Path, manifest: Manifest, words: PassageStore) -> None:
    """Raises IndexDamaged where there are not as many as the manifest says."""
    if words.count != manifest.passages:
        raise IndexDamaged(
            f"{folder} holds {words.count} passages, its manifest says {manifest.passages}: "
            "run `assistant index --rebuild`"
        )


def lies_within(path: str, folders: Collection[str]) -> bool:
    """Whether a document's path lies in one of the folders, such as `hr` or `hr/benefits`, or is
    itself named. Nothing names the whole corpus: neither the empty name nor `.` does."""
    return any(path == each or path.startswith(f"{each.rstrip('/')}/") for each in folders)


class Generation:
    """A published generation, open for reading. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexOutdated, IndexDamaged with the file that is missing or not what was written,
        and IndexUnwritable where there is no room for the copies that are read."""
        self.id = folder.name
        self.manifest = Manifest.read(folder)
        expect_whole(folder, self.manifest)
        check_file_digests(folder, self.manifest)
        with ExitStack() as stack:
            # What is open is read for as long as it is, whatever becomes of the folder.
            self.words = PassageStore(stack.enter_context(copied(folder / "passages.sqlite")))
            stack.callback(self.words.close)
            self.vectors = read_vectors(stack.enter_context(copied(folder / "vectors.npy")).parent)
            check_passage_count(folder, self.manifest, self.words)
            self.store = VectorStore(folder / "chroma", self.manifest.passages)
            stack.callback(self.store.close)
            self._resources = stack.pop_all()

    def within(self, folders: Collection[str]) -> "Generation":
        """As if the documents in these folders were all there are: no others are found, named or
        counted. Uses this one's files, of which it closes none; takes about 5 ms for each 1,000
        passages."""
        return _Within(self, folders)

    def close(self) -> None:
        """Lets go of the files."""
        self._resources.close()


class _Within(Generation):
    """Some folders of another generation. Its vectors are all rows: only passages have them."""

    def __init__(self, whole: Generation, folders: Collection[str]) -> None:
        documents = tuple(
            each for each in whole.manifest.documents if lies_within(each.path, folders)
        )
        self.id = whole.id
        self.words = whole.words.within([each.path for each in documents])
        self.vectors = whole.vectors
        self.store = whole.store.within(self.words.ordinals.tolist())
        # What could not be read has no place among the documents, and sizes tell of the others.
        self.manifest = replace(
            whole.manifest,
            passages=self.words.count,
            documents=documents,
            files={},
            digests={},
            unreadable=(),
        )

    def close(self) -> None:
        """Nothing to let go of: the files belong to the whole."""


def read_vectors(folder: Path) -> Vectors:
    """The generation's vectors, one row a text, mapped from disk rather than read."""
    try:
        # A plain view of the map: numpy's own class for maps costs more than looking up a row.
        vectors: Vectors = np.asarray(np.load(folder / "vectors.npy", mmap_mode="r"))
    except (OSError, ValueError, EOFError) as error:
        raise IndexDamaged(
            f"the vectors of {folder} cannot be read ({error}): run `assistant index --rebuild`"
        ) from error
    return vectors


class DataFolder:
    """Where generations live. Publishing moves the pointer; nothing published is written again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts = root / "texts"
        self._generations = root / "generations"
        self._pointer = root / "current"

    def current(self) -> Path:
        """The published generation's folder. Raises IndexMissing where none is published."""
        try:
            name = self._pointer.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise IndexMissing(
                f"there is no index in {self.root} yet: run `assistant index`"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise IndexDamaged(
                f"{self._pointer} cannot be read ({error}): let this user read it, or run "
                "`assistant index --rebuild`"
            ) from error
        folder = self._generations / name
        if name != Path(name).name or not _number(folder) or not folder.is_dir():
            raise IndexDamaged(
                f"{self._pointer} names {name!r}, which is not there: run `assistant index`"
            )
        return folder

    def open(self, encoder_fingerprint: str) -> Generation:
        """The published generation, opened. Raises IndexMissing, IndexDamaged or IndexOutdated."""
        while True:
            folder = self.current()
            try:
                manifest = Manifest.read(folder)
                check_compatible(manifest, encoder_fingerprint)
                return Generation(folder)
            except IndexDamaged:
                if self.current() == folder:  # not merely replaced while it was being opened
                    raise

    def lock(self) -> AbstractContextManager[object]:
        """Held by the one process that writes. Raises IndexBusy at once where another holds it.

        The operating system lets go of it when the process ends, however it ends.
        """
        lock = FileLock(self.root / "lock", timeout=0)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise IndexBusy(
                f"another process is writing to {self.root}: wait until it has finished, "
                "or name another folder with --data"
            ) from error
        except OSError as error:
            raise IndexUnwritable(unwritable(self.root, error)) from error
        return lock

    def begin(self) -> Path:
        """A new folder to build in. Removes what a build that was killed has left."""
        self._generations.mkdir(parents=True, exist_ok=True)
        for leftover in self._generations.glob(".building-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        building = self._generations / f".building-{secrets.token_hex(8)}"
        building.mkdir()
        return building

    def publish(self, building: Path, name: str) -> Path:
        """Gives a finished build its name and moves the pointer to it, atomically."""
        number = 1 + max((_number(path) for path in self._generations.iterdir()), default=0)
        folder = self._generations / f"{number:06d}-{name}"
        for path in building.rglob("*"):
            if path.is_file():
                sync(path)
        os.replace(building, folder)
        sync(self._generations)
        fresh = self.root / ".current-new"
        fresh.write_text(folder.name + "\n", encoding="utf-8")
        sync(fresh)
        os.replace(fresh, self._pointer)
        sync(self.root)
        self._prune(folder)
        return folder

    def _prune(self, current: Path) -> None:
        """Removes all generations but the current one and the latest before it."""
        others = sorted(
            (path for path in self._generations.iterdir() if path != current), key=_number
        )
        for path in others[: len(others) - _KEPT]:
            shutil.rmtree(path, ignore_errors=True)


def check_compatible(manifest: Manifest, encoder_fingerprint: str) -> None:
    """Raises IndexOutdated where the generation was made by another encoder or splitter."""
    if manifest.encoder_fingerprint != encoder_fingerprint:
        raise IndexOutdated(
            f"the index was made by the encoder {manifest.encoder} "
            f"({manifest.encoder_fingerprint[:12]}), the one in use is "
            f"{encoder_fingerprint[:12]}: run `assistant index`, or set ASSISTANT_ENCODER back"
        )
    if manifest.splitter != SPLITTER_VERSION:
        raise IndexOutdated(
            f"the index was cut by splitter {manifest.splitter}, this program has "
            f"{SPLITTER_VERSION}: run `assistant index`"
        )


def unwritable(root: Path, error: OSError) -> str:
    """The message for a data folder that cannot be written, with its remedy."""
    return (
        f"{root} cannot be written ({error.strerror or error}): free some space, change its "
        "permissions, or name another folder with --data"
    )


def _number(folder: Path) -> int:
    head = folder.name.split("-")[0]
    return int(head) if head.isdecimal() else 0
