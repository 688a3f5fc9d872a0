"""A generation: an immutable folder that holds one state of the index. The data folder: its
generations, which of them is published, and the one that can be previewed."""

import os
import secrets
import shutil
from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from corpus.files import TEMPORARY_PREFIX, fsync, remove_unfinished
from index.encoder import Vectors
from index.errors import (
    IndexBusy,
    IndexDamaged,
    IndexPinned,
    IndexUnwritable,
    PreviewMissing,
)
from index.folders import lies_within
from index.layout import CHROMA, DEFAULT_KEEP, PASSAGES, VECTORS, Layout
from index.manifest import (
    Manifest,
    check_compatible,
    check_file_digests,
    check_file_sizes,
    identity_of,
)
from index.passages import PassageStore
from index.pointer import Pointer, number_of
from index.scratch import private_copy
from index.vectors import VectorStore

_BUILDING = ".building-"
_COMPARING = ".comparing-"


@dataclass(frozen=True, eq=False)
class Generation:
    """A published generation, open for reading, or a view of one. Safe to share between threads.

    `vectors` has a row for each encoded text; the passages know their rows.
    """

    id: str
    manifest: Manifest
    passages: PassageStore
    vectors: Vectors = field(repr=False)
    vector_store: VectorStore
    _resources: ExitStack = field(default_factory=ExitStack, repr=False)

    @classmethod
    def open(cls, folder: Path) -> "Generation":
        """Opens private copies of the files, so that the folder may be deleted meanwhile.

        Raises IndexOutdated, IndexDamaged if a file is missing or was changed, and
        NoTemporarySpace if there is no room for the copies.
        """
        manifest = Manifest.read(folder)
        check_file_sizes(folder, manifest)
        check_file_digests(folder, manifest)
        with ExitStack() as stack:
            passages = PassageStore.open(stack.enter_context(private_copy(folder / PASSAGES)))
            stack.callback(passages.close)
            vectors = load_vectors(stack.enter_context(private_copy(folder / VECTORS)))
            check_passage_count(folder, manifest, passages)
            vector_store = VectorStore.open(folder / CHROMA, manifest.passages)
            stack.callback(vector_store.close)
            return cls(folder.name, manifest, passages, vectors, vector_store, stack.pop_all())

    def within(self, folders: Collection[str]) -> "Generation":
        """Returns a view that contains only the documents in these folders: no other document is
        found, named or counted, and the id depends on no other. It uses this generation's files and
        closes none of them. Takes about 5 ms for each 1,000 passages."""
        documents = tuple(d for d in self.manifest.documents if lies_within(d.path, folders))
        sources = (each for each in self.manifest.sources if lies_within(each.path, folders))
        unreadable = (each for each in self.manifest.unreadable if lies_within(each, folders))
        # The identity and the time of the whole generation would reveal changes of other documents.
        identity = identity_of(documents, self.manifest.encoder_fingerprint)
        passages = self.passages.within([document.path for document in documents])
        manifest = replace(
            self.manifest,
            identity=identity,
            created="",
            passages=passages.count,
            documents=documents,
            sources=tuple(sources),
            files={},  # their sizes reveal the other documents
            digests={},
            unreadable=tuple(unreadable),
        )
        vector_store = self.vector_store.within(passages.ordinals.tolist())
        return Generation(identity[:12], manifest, passages, self.vectors, vector_store)

    def without_faq(self) -> "Generation":
        """Returns a view without the passages that answer a question of the documents. It uses this
        generation's files and closes none of them."""
        passages = self.passages.without_faq()
        manifest = replace(self.manifest, passages=passages.count)
        vector_store = self.vector_store.within(passages.ordinals.tolist())
        return Generation(self.id, manifest, passages, self.vectors, vector_store)

    def close(self) -> None:
        """Closes the files and deletes the copies; does nothing for a view."""
        self._resources.close()


def load_vectors(path: Path) -> Vectors:
    """Maps the vectors into memory. Raises IndexDamaged."""
    try:
        # A plain view of the map: looking up a row in numpy's memmap class takes longer.
        vectors: Vectors = np.asarray(np.load(path, mmap_mode="r"))
    except (OSError, ValueError, EOFError) as error:
        raise IndexDamaged(f"{path} cannot be read ({error})") from error
    return vectors


def check_passage_count(folder: Path, manifest: Manifest, passages: PassageStore) -> None:
    """Raises IndexDamaged unless there are as many passages as the manifest says."""
    if passages.count != manifest.passages:
        raise IndexDamaged(
            f"{folder} holds {passages.count} passages, its manifest says {manifest.passages}"
        )


class DataFolder:
    """The generations of one data folder. Publishing replaces the pointer; a published generation
    is never written to again."""

    def __init__(self, root: Path, keep: int = DEFAULT_KEEP) -> None:
        """`keep` generations stay besides the published one: to go back to, and for processes that
        still read them."""
        self.root = root
        self.layout = Layout(root)
        self.texts = self.layout.texts
        self.pointer = Pointer(self.layout)
        self._keep = keep

    def current(self) -> Path:
        """Returns the folder of the published generation. Raises IndexMissing, IndexDamaged."""
        return self.pointer.current()

    def open(self, encoder_fingerprint: str) -> Generation:
        """Opens the published generation. Raises IndexMissing, IndexDamaged, IndexOutdated and
        NoTemporarySpace."""
        while True:
            folder = self.current()
            try:
                manifest = Manifest.read(folder)
                check_compatible(manifest, encoder_fingerprint)
                return Generation.open(folder)
            except IndexDamaged:
                if self.current() == folder:  # else it was replaced while being opened
                    raise

    def lock(self) -> AbstractContextManager[object]:
        """Acquires the lock of the one process that may write. Raises IndexBusy at once if another
        process holds it, and IndexUnwritable.

        The operating system releases it when the process ends, however it ends.
        """
        lock = FileLock(self.layout.lock, timeout=0)
        try:
            self.layout.index.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise IndexBusy(f"another process is writing to {self.root}") from error
        except OSError as error:
            raise IndexUnwritable.at(self.root, error) from error
        return lock

    def begin(self) -> Path:
        """Returns a new folder to build in, and removes the leftovers of killed builds."""
        generations = self.layout.generations
        generations.mkdir(parents=True, exist_ok=True)
        for leftover in generations.glob(f"{_BUILDING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        remove_unfinished(self.texts.glob(f"*/{TEMPORARY_PREFIX}*"))
        remove_unfinished(self.layout.index.glob(f"{TEMPORARY_PREFIX}*"))
        building = self._new_folder()
        building.mkdir()
        return building

    def publish(self, building: Path, name: str, unpin: str = "") -> Path:
        """Renames a finished build to `NUMBER-name` and points to it, atomically; returns its
        folder. Raises IndexPinned if a generation is pinned, unless it is the one named by `unpin`,
        and OSError."""
        _fsync_files(building)
        with self.pointer.lock():
            pinned = self.pointer.pinned()
            if pinned and pinned != unpin:
                raise IndexPinned(f"the index is pinned to {pinned}")
            generations = self.layout.generations
            number = 1 + max((number_of(path) for path in generations.iterdir()), default=0)
            folder = generations / f"{number:06d}-{name}"
            os.replace(building, folder)
            fsync(generations)
            self.pointer.move(folder)
            self._prune(folder)
        return folder

    def keep_preview(self, building: Path) -> Path:
        """Moves a finished build to where no build deletes it, in place of any earlier preview;
        returns its folder. It cannot be published before `offer_preview`."""
        self.discard_previews()
        self.layout.preview.mkdir(exist_ok=True)
        _fsync_files(building)
        folder = self.layout.preview / f"{_COMPARING}{secrets.token_hex(8)}"
        os.replace(building, folder)
        return folder

    def offer_preview(self, folder: Path, base: str) -> None:
        """Allows to publish a preview, now that it was compared with the generation `base`. Raises
        PreviewMissing if another one has replaced it meanwhile, and OSError."""
        try:
            os.replace(folder, self.layout.preview / base)
        except FileNotFoundError as error:
            raise PreviewMissing("another preview has replaced this one") from error
        fsync(self.layout.preview)

    def preview(self) -> tuple[Path, str]:
        """Returns the folder of the preview, and the id of the generation that it was compared
        with. Raises PreviewMissing."""
        for folder in self.layout.preview.glob("*"):
            if number_of(folder):
                return folder, folder.name
        raise PreviewMissing(f"there is no preview in {self.root}")

    def discard_previews(self) -> None:
        """Deletes the preview, if there is one, and what killed previews left."""
        for folder in list(self.layout.preview.glob("*")):
            doomed = self._new_folder()  # a preview that is half deleted must not look like one
            os.replace(folder, doomed)
            shutil.rmtree(doomed, ignore_errors=True)

    def _new_folder(self) -> Path:
        return self.layout.generations / f"{_BUILDING}{secrets.token_hex(8)}"

    def _prune(self, current: Path) -> None:
        """Removes the oldest generations, never the current one."""
        others = (path for path in self.layout.generations.iterdir() if path != current)
        finished = sorted(filter(number_of, others), key=number_of, reverse=True)
        for path in finished[self._keep :]:
            shutil.rmtree(path, ignore_errors=True)


def _fsync_files(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            fsync(path)
