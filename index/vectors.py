"""The vector half of the search: embedded Chroma through langchain-chroma.

The one door to chromadb. A collection is written once, beside the others of its generation, and
only read from then on; it can be made again from the generation's vectors at any time.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import chromadb
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.config import Settings
from chromadb.errors import ChromaError
from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings

from corpus.document import Passage
from index.encoder import Vectors
from index.errors import IndexDamaged, IndexUnwritable
from index.scratch import copied

_COLLECTION = "passages"
# Cosine, because Chroma's default is l2. At its other defaults HNSW is neither exact nor the same
# from one build to the next; with these it finds what a scan of all vectors finds (tests).
_CONFIGURATION: CreateCollectionConfiguration = {
    "hnsw": {
        "space": "cosine",
        "ef_construction": 400,
        "ef_search": 1000,
        "max_neighbors": 48,
        "num_threads": 1,
    }
}
_BATCH = 2000


class _Known(Embeddings):
    """Vectors that were made before, handed to LangChain by their text."""

    def __init__(self, vectors: dict[str, Vectors]) -> None:
        self._vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self._vectors[text].tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def write_vectors(
    folder: Path,
    passages: Sequence[Passage],
    texts: Sequence[str],
    vectors: Vectors,
    progress: Callable[[int], None],
) -> None:
    """Writes a new collection: passage i under the id str(i), with the text that was encoded.

    Raises IndexUnwritable. `folder` must never have been used before, failed attempts included:
    Chroma keeps what it could not start, and gives it out again for the same path.
    """
    known = _Known(dict(zip(texts, vectors, strict=True)))
    try:
        client = _client(folder)
    except ChromaError as error:
        raise IndexUnwritable.at(folder, error) from error
    try:
        store = _store(client, known)
        for at in range(0, len(passages), _BATCH):
            part = range(at, min(at + _BATCH, len(passages)))
            store.add_texts(
                texts=[texts[i] for i in part],
                ids=[str(i) for i in part],
                metadatas=[
                    {"document": p.document, "start": p.start, "end": p.end}
                    for p in passages[part.start : part.stop]
                ],
            )
            progress(len(part))
    except ChromaError as error:
        raise IndexUnwritable.at(folder, error) from error
    finally:
        client.close()


class VectorStore:
    """A published collection, for reading. Safe to share between threads."""

    def __init__(self, folder: Path, expected: int, scratch: Path | None = None) -> None:
        """Raises IndexDamaged where the collection does not open or has not `expected` entries,
        and IndexUnwritable where there is no room for a copy.

        Works on a copy: Chroma writes to a folder whenever it opens it, readers of other
        processes may have it open too, and what is published must never change. The copy lies
        in `scratch`, or where the system keeps temporary files.
        """
        if not (folder / "chroma.sqlite3").is_file():  # opening would make a new one
            raise _damaged(folder, "there are none")
        with ExitStack() as stack:
            copy = stack.enter_context(copied(folder, scratch))
            try:
                client = _client(copy)
                stack.callback(client.close)
                self._store = _store(client, None)
                count = client.get_collection(_COLLECTION, embedding_function=None).count()
            except (ChromaError, ValueError, RuntimeError) as error:
                raise _damaged(folder, str(error)) from error
            if count != expected:
                raise _damaged(folder, f"it holds {count} vectors of {expected}")
            self._folder = folder
            self._count = count
            self._among: dict[str, Any] = {}
            self._resources = stack.pop_all()

    def within(self, ordinals: Iterable[int]) -> "VectorStore":
        """As if the collection held only these passages. Reads the same copy, and keeps it."""
        return _Within(self, ordinals)

    def search(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """The nearest passages, best first: (ordinal, cosine in -1 to 1)."""
        if not self._count:  # Chroma refuses to look for none
            return []
        try:
            found = self._store.similarity_search_by_vector_with_relevance_scores(
                vector.tolist(), k=min(k, self._count), **self._among
            )
        except (ChromaError, RuntimeError) as error:
            raise _damaged(self._folder, str(error)) from error
        # Chroma gives cosine distances.
        hits = [(int(document.id or -1), 1.0 - distance) for document, distance in found]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def close(self) -> None:
        """Lets go of the copy."""
        self._resources.close()


class _Within(VectorStore):
    """Some passages of another store. Chroma is given their ids: it is as exact with these as
    without, whatever their share, and much faster than with a filter on metadata, which it looks
    up row by row (10,000 passages, of which 9,800 are seen: 11 ms, and 37 ms with a filter)."""

    def __init__(self, whole: VectorStore, ordinals: Iterable[int]) -> None:
        self._store, self._folder = whole._store, whole._folder
        ids = [str(ordinal) for ordinal in ordinals]
        self._count = len(ids)
        self._among = {"ids": ids}

    def close(self) -> None:
        """Nothing to let go of: the copy belongs to the whole."""


def _client(folder: Path) -> Client:
    client: Any = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
    opened: Client = client  # its declared type lacks close()
    return opened


def _store(client: Client, embeddings: Embeddings | None) -> Chroma:
    """langchain-chroma passes no embedding function on to Chroma, whose own would download."""
    return Chroma(
        collection_name=_COLLECTION,
        client=client,
        embedding_function=embeddings,
        collection_configuration=_CONFIGURATION,
    )


def _damaged(folder: Path, reason: str) -> IndexDamaged:
    return IndexDamaged(f"the vectors in {folder} cannot be read ({reason})")
