"""The vector half of the search: embedded Chroma through langchain-chroma.

The one door to chromadb. A collection is written once, beside the others of its generation, and
only read from then on; it can be made again from the generation's vectors at any time.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import chromadb
from chromadb.config import Settings
from chromadb.errors import ChromaError
from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings

from corpus.document import Passage
from index.encoder import Vectors
from index.errors import IndexDamaged

_COLLECTION = "passages"
# Cosine, because Chroma's default is l2. With the other defaults HNSW finds 85 to 87 of the 100
# true neighbours and not the same ones each time; with these it found all of them.
_CONFIGURATION = {
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
    """Writes a new collection: passage i under the id str(i), with the text that was encoded."""
    known = _Known(dict(zip(texts, vectors, strict=True)))
    client = _client(folder)
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
    finally:
        client.close()


class VectorStore:
    """A published collection, for reading. Safe to share between threads."""

    def __init__(self, folder: Path, expected: int) -> None:
        """Raises IndexDamaged where the collection does not open or has not `expected` entries."""
        try:
            self._client = _client(folder)
            self._store = _store(self._client, None)
            count = self._client.get_collection(_COLLECTION, embedding_function=None).count()
        except (ChromaError, ValueError, RuntimeError) as error:
            raise _damaged(folder, str(error)) from error
        if count != expected:
            raise _damaged(folder, f"it holds {count} vectors of {expected}")
        self._folder = folder
        self._count = count

    def search(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """The nearest passages, best first: (ordinal, cosine in -1 to 1)."""
        try:
            found = self._store.similarity_search_by_vector_with_relevance_scores(
                vector.tolist(), k=min(k, self._count)
            )
        except (ChromaError, RuntimeError) as error:
            raise _damaged(self._folder, str(error)) from error
        # Chroma gives cosine distances.
        hits = [(int(document.id or -1), 1.0 - distance) for document, distance in found]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def close(self) -> None:
        """Lets go of the collection's files."""
        self._client.close()


def _client(folder: Path) -> chromadb.ClientAPI:
    return chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))


def _store(client: chromadb.ClientAPI, embeddings: Embeddings | None) -> Chroma:
    """langchain-chroma passes no embedding function on to Chroma, whose own would download."""
    return Chroma(
        collection_name=_COLLECTION,
        client=client,
        embedding_function=embeddings,
        collection_configuration=_CONFIGURATION,
    )


def _damaged(folder: Path, reason: str) -> IndexDamaged:
    return IndexDamaged(
        f"the vectors in {folder} cannot be read ({reason}): run `assistant index --rebuild`"
    )
