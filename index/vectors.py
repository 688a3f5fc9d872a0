"""The vector half of the search: a collection of embedded Chroma.

A collection is written once, as a part of its generation, and only read from then on. It can be
made again from the generation's vectors. Importing chromadb takes 0.5 s; it is imported when a
collection is written or opened.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.document import Passage
from index.encoder import Vectors
from index.errors import IndexDamaged, IndexingError, IndexUnwritable
from index.scratch import private_copy

if TYPE_CHECKING:
    from chromadb import Collection

COLLECTION = "passages"
# Cosine, because Chroma's default is l2. At its other defaults HNSW is neither exact nor the same
# from one build to the next; with these it finds what a scan of all vectors finds (tests).
_CONFIGURATION = {
    "hnsw": {
        "space": "cosine",
        "ef_construction": 400,
        "ef_search": 1000,
        "max_neighbors": 48,
        "num_threads": 1,
    }
}
_BATCH_SIZE = 2000


def write_vectors(
    folder: Path,
    passages: Sequence[Passage],
    texts: Sequence[str],
    vectors: Vectors,
    progress: Callable[[int], None],
) -> None:
    """Writes a new collection: passage i under the id str(i), with the text that was encoded.

    Raises IndexUnwritable. `folder` must never have been used before, not even by a failed
    attempt: Chroma caches what it could not start, and returns it again for the same path.
    """
    with _translate_errors(lambda error: IndexUnwritable.at(folder, error)):
        client = open_client(folder)
        try:
            collection = client.create_collection(
                COLLECTION, configuration=_CONFIGURATION, embedding_function=None
            )
            for start in range(0, len(passages), _BATCH_SIZE):
                batch = range(start, min(start + _BATCH_SIZE, len(passages)))
                collection.add(
                    ids=[str(i) for i in batch],
                    embeddings=vectors[batch.start : batch.stop],
                    documents=[texts[i] for i in batch],
                    metadatas=[
                        {"document": p.document, "start": p.start, "end": p.end}
                        for p in passages[batch.start : batch.stop]
                    ],
                )
                progress(len(batch))
        finally:
            client.close()


class VectorStore:
    """A published collection, or a view of one, for reading. Safe to share between threads."""

    def __init__(
        self,
        collection: "Collection",
        folder: Path,
        count: int,
        *,
        ids: list[str] | None = None,
        resources: ExitStack | None = None,
    ) -> None:
        self._collection = collection
        self._folder = folder
        self._count = count
        self._ids = ids
        self._resources = resources or ExitStack()

    @classmethod
    def open(cls, folder: Path, expected: int, scratch: Path | None = None) -> "VectorStore":
        """Opens a private copy of the collection, in `scratch` or the system's temporary folder:
        Chroma writes to every folder it opens, and what is published must never change.

        Raises IndexDamaged if the collection cannot be opened or has not `expected` entries, and
        NoTemporarySpace.
        """
        if not (folder / "chroma.sqlite3").is_file():  # Chroma would create a new database
            raise _damaged(folder, "there are none")
        with ExitStack() as stack:
            copy = stack.enter_context(private_copy(folder, scratch))
            with _translate_errors(lambda error: _damaged(folder, error), ValueError, RuntimeError):
                client = open_client(copy)
                stack.callback(client.close)
                collection = client.get_collection(COLLECTION, embedding_function=None)
                count = collection.count()
            if count != expected:
                raise _damaged(folder, f"it holds {count} vectors of {expected}")
            return cls(collection, folder, count, resources=stack.pop_all())

    def within(self, ordinals: Iterable[int]) -> "VectorStore":
        """Returns a view that contains only these passages; closing it does nothing.

        Chroma is given their ids: the search is as exact as without, and much faster than with a
        filter on metadata, which it looks up row by row (10,000 passages, of which 9,800 are in
        the view: 11 ms, and 37 ms with a filter).
        """
        ids = [str(ordinal) for ordinal in ordinals]
        return VectorStore(self._collection, self._folder, len(ids), ids=ids)

    def search(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """Returns the nearest passages, best first: (ordinal, cosine from -1 to 1)."""
        if not self._count:  # Chroma rejects a query for no results
            return []
        with _translate_errors(lambda error: _damaged(self._folder, error), RuntimeError):
            found = self._collection.query(
                query_embeddings=[vector.tolist()],
                ids=self._ids,
                n_results=min(k, self._count),
                include=["distances"],
            )
        assert found["distances"] is not None
        # The distances are cosine distances.
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        hits = [(int(passage), 1.0 - distance) for passage, distance in pairs]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def close(self) -> None:
        """Closes the collection and deletes the copy."""
        self._resources.close()


def preload_chroma() -> None:
    """Imports chromadb, so that opening a collection later takes less time."""
    import chromadb  # noqa: F401, PLC0415 - see above


def open_client(folder: Path) -> Any:
    """Opens embedded Chroma over a folder, without telemetry. Chroma writes to the folder."""
    import chromadb  # noqa: PLC0415 - see above
    from chromadb.config import Settings  # noqa: PLC0415

    # The declared type lacks close().
    return chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))


@contextmanager
def _translate_errors(
    translate: Callable[[Exception], IndexingError], *more: type[Exception]
) -> Iterator[None]:
    """Turns Chroma's errors, and those of the classes in `more`, into one of this package's."""
    from chromadb.errors import ChromaError  # noqa: PLC0415 - see above

    errors: tuple[type[Exception], ...] = (ChromaError, *more)
    try:
        yield
    except errors as error:
        raise translate(error) from error


def _damaged(folder: Path, reason: object) -> IndexDamaged:
    return IndexDamaged(f"the vectors in {folder} cannot be read ({reason})")
