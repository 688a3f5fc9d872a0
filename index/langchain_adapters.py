"""The encoder and the search as LangChain knows them: `Embeddings` and `BaseRetriever`.

Only translates. What a LangChain document carries beyond its text stands in its metadata:
document, title, headings, start, end, sha256 and score.
"""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from index.encoder import Encoder
from index.hits import Hit
from index.search import Searcher


class EncoderEmbeddings(Embeddings):
    """An encoder's vectors of unit length, as lists of floats."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._encoder.encode_documents(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = self._encoder.encode_query(text).tolist()
        return vector


class PassageRetriever(BaseRetriever):
    """The `k` best passages of a generation, best first; `invoke(question, k=3)` overrides `k`."""

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
    """The passage as it stands at `[start, end)` of the document kept under `sha256`."""
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
