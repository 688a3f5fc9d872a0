"""The encoder, the search and the stored vectors as LangChain components.

Retrieve passages by vectors and words, as the assistant does:

    from pathlib import Path
    from index.encoders import load_encoder
    from index.generation import DataFolder
    from index.langchain_adapters import PassageRetriever
    from index.search import Searcher

    data = Path(".assistant")
    encoder = load_encoder(data)
    generation = DataFolder(data).open(encoder.fingerprint)
    retriever = PassageRetriever(searcher=Searcher(generation, encoder), k=3)
    for document in retriever.invoke("When are beans sown?"):
        print(document.metadata["document"], document.page_content)
    generation.close()

Encode texts with `EncoderEmbeddings`, in any component that takes LangChain's `Embeddings`:

    from pathlib import Path
    from index.encoders import load_encoder
    from index.langchain_adapters import EncoderEmbeddings

    embeddings = EncoderEmbeddings(load_encoder(Path(".assistant")))
    print(len(embeddings.embed_query("When are beans sown?")))

Search the stored vectors alone, with LangChain's `Chroma`:

    from pathlib import Path
    from index.encoders import load_encoder
    from index.generation import DataFolder
    from index.langchain_adapters import open_chroma

    data = Path(".assistant")
    with open_chroma(DataFolder(data), load_encoder(data)) as store:
        for document, score in store.similarity_search_with_score("When are beans sown?", k=3):
            print(score, document.metadata["document"], document.page_content)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_chroma import Chroma
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from index.encoder import Encoder
from index.generation import DataFolder
from index.hits import Hit
from index.layout import CHROMA
from index.manifest import Manifest, check_compatible, check_file_digests
from index.scratch import private_copy
from index.search import Searcher
from index.vectors import COLLECTION, open_client


class EncoderEmbeddings(Embeddings):
    """An encoder as LangChain's `Embeddings`: vectors of unit length, as lists of floats."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Encodes texts."""
        vectors: list[list[float]] = self._encoder.encode_documents(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Encodes one question."""
        vector: list[float] = self._encoder.encode_query(text).tolist()
        return vector


class PassageRetriever(BaseRetriever):
    """The `k` best passages of a generation, best first; `invoke(question, k=3)` overrides `k`.

    The metadata of a document holds document, title, headings, start, end, sha256 and score.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    searcher: Searcher
    k: int = Field(default=5, ge=1)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **overrides: Any
    ) -> list[Document]:
        k = overrides.pop("k", self.k)
        if overrides:
            raise TypeError(f"unknown arguments {sorted(overrides)}: only k can be overridden")
        return [_document(hit) for hit in self.searcher.search(query, k).hits]


def _document(hit: Hit) -> Document:
    passage = hit.passage
    return Document(
        id=passage.id,
        page_content=passage.text,
        metadata={
            "document": passage.document,
            "title": passage.title,
            "headings": list(passage.headings),
            "start": passage.start,
            "end": passage.end,
            "sha256": passage.sha256,
            "score": hit.score,
        },
    )


@contextmanager
def open_chroma(data: DataFolder, encoder: Encoder) -> Iterator[Chroma]:
    """Opens a private copy of the published collection as LangChain's vector store.

    Use it to search only: changes go to the copy, which is deleted at the end. The content of a
    document is the text that was encoded; its metadata holds document, start and end. A score is a
    cosine distance. Raises IndexMissing, IndexDamaged, IndexOutdated and NoTemporarySpace.
    """
    folder = data.current()
    manifest = Manifest.read(folder)
    check_compatible(manifest, encoder.fingerprint)
    check_file_digests(folder, manifest)
    with private_copy(folder / CHROMA) as copy:
        client = open_client(copy)
        try:
            yield Chroma(
                COLLECTION,
                EncoderEmbeddings(encoder),
                client=client,
                create_collection_if_not_exists=False,
            )
        finally:
            client.close()
