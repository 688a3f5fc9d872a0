"""A generation: an immutable folder that holds one state of the index, and the pointer to the
one that is published.

    DATA/current                      the published generation's id, replaced atomically
    DATA/generations/ID/manifest.json how it was made, of what, and what its files have to be
                       passages.sqlite, vectors.npy, chroma/
    DATA/texts/, DATA/encoders/       shared by all generations
"""

import os
import secrets
import shutil
from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from corpus.files import fsync
from index.encoder import Vectors
from index.errors import IndexBusy, IndexDamaged, IndexMissing, IndexUnwritable
from index.folders import lies_within
from index.manifest import Manifest, check_compatible, check_file_digests, check_file_sizes
from index.passages import PassageStore
from index.scratch import copied
from index.vectors import VectorStore

# Published generations that stay beside the current one, for readers that still use them.
_KEPT = 1


def check_passage_count(folder: Path, manifest: Manifest, words: PassageStore) -> None:
    """Raises IndexDamaged where there are not as many as the manifest says."""
    if words.count != manifest.passages:
        raise IndexDamaged(
            f"{folder} holds {words.count} passages, its manifest says {manifest.passages}"
        )


class Generation:
    """A published generation, open for reading. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexOutdated, IndexDamaged with the file that is missing or not what was written,
        and IndexUnwritable where there is no room for the copies that are read."""
        self.id = folder.name
        self.manifest = Manifest.read(folder)
        check_file_sizes(folder, self.manifest)
        check_file_digests(folder, self.manifest)
        with ExitStack() as stack:
            # What is open is read for as long as it is, whatever becomes of the folder.
            self.passages = PassageStore(stack.enter_context(copied(folder / "passages.sqlite")))
            stack.callback(self.passages.close)
            self.vectors = read_vectors(stack.enter_context(copied(folder / "vectors.npy")).parent)
            check_passage_count(folder, self.manifest, self.passages)
            self.vector_store = VectorStore(folder / "chroma", self.manifest.passages)
            stack.callback(self.vector_store.close)
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
        self.passages = whole.passages.within([each.path for each in documents])
        self.vectors = whole.vectors
        self.vector_store = whole.vector_store.within(self.passages.ordinals.tolist())
        # What could not be read has no place among the documents, and sizes tell of the others.
        self.manifest = replace(
            whole.manifest,
            passages=self.passages.count,
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
        raise IndexDamaged(f"the vectors of {folder} cannot be read ({error})") from error
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
            raise IndexMissing(f"there is no index in {self.root} yet") from error
        except (OSError, UnicodeDecodeError) as error:
            raise IndexDamaged(f"{self._pointer} cannot be read ({error})") from error
        folder = self._generations / name
        if name != Path(name).name or not _number(folder) or not folder.is_dir():
            raise IndexDamaged(f"{self._pointer} names {name!r}, which is not there")
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
            raise IndexBusy(f"another process is writing to {self.root}") from error
        except OSError as error:
            raise IndexUnwritable.at(self.root, error) from error
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
                fsync(path)
        os.replace(building, folder)
        fsync(self._generations)
        fresh = self.root / ".current-new"
        fresh.write_text(folder.name + "\n", encoding="utf-8")
        fsync(fresh)
        os.replace(fresh, self._pointer)
        fsync(self.root)
        self._prune(folder)
        return folder

    def _prune(self, current: Path) -> None:
        """Removes all generations but the current one and the latest before it."""
        others = sorted(
            (path for path in self._generations.iterdir() if path != current), key=_number
        )
        for path in others[: len(others) - _KEPT]:
            shutil.rmtree(path, ignore_errors=True)


def _number(folder: Path) -> int:
    head = folder.name.split("-")[0]
    return int(head) if head.isdecimal() else 0
