"""The encoder and the search, used from LangChain: its own suites, and what documents carry."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Writer
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from corpus.loader import load_corpus
from index.build import build
from index.generation import (
    DataFolder,
)
from index.langchain_adapters import EncoderEmbeddings, PassageRetriever
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher

GUIDE = {
    "guide.md": "# Guide\n\n## Care\n\n### Tools\n\nOil the spade.\n\n## Why?\n\nRust eats it.\n",
    "plants.md": "# Plants\n\nRoses need sun.\n\n## Cactus\n\nA cactus needs little water.\n",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def searcher(encoder: OnnxEncoder, folder_of: Writer, tmp_path: Path) -> Iterator[Searcher]:
    data = DataFolder(tmp_path / "data")
    build(load_corpus(folder_of(GUIDE)), encoder, "test", data, {})
    generation = data.open(encoder.fingerprint)
    yield Searcher(generation, encoder)
    generation.close()


class TestEncoderEmbeddings(EmbeddingsUnitTests):
    @pytest.fixture(autouse=True)
    def _world(self, encoder: OnnxEncoder) -> None:
        self.encoder = encoder

    @property
    def embeddings_class(self) -> type[EncoderEmbeddings]:
        return EncoderEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"encoder": self.encoder}


@pytest.mark.anyio
class TestEncoderEmbeddingsInUse(EmbeddingsIntegrationTests):
    @pytest.fixture(autouse=True)
    def _world(self, encoder: OnnxEncoder) -> None:
        self.encoder = encoder

    @property
    def embeddings_class(self) -> type[EncoderEmbeddings]:
        return EncoderEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"encoder": self.encoder}


@pytest.mark.anyio
class TestPassageRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _world(self, searcher: Searcher) -> None:
        self.searcher = searcher

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return PassageRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"searcher": self.searcher}

    @property
    def retriever_query_example(self) -> str:
        return "What does a spade need?"


def test_embeddings_are_the_vectors_of_the_encoder(encoder: OnnxEncoder) -> None:
    embeddings = EncoderEmbeddings(encoder)
    assert embeddings.embed_query("spade") == encoder.encode_query("spade").tolist()
    texts = ["spade", "rose"]
    assert embeddings.embed_documents(texts) == encoder.encode_documents(texts).tolist()
    assert embeddings.embed_documents([]) == []


def test_documents_carry_the_place_that_they_come_from(searcher: Searcher) -> None:
    (document,) = PassageRetriever(searcher=searcher, k=1).invoke("Which tool is oiled?")
    (hit,) = searcher.search("Which tool is oiled?", 1).hits
    assert document.id == hit.passage.id
    assert document.page_content == "Oil the spade."
    start, end = document.metadata["start"], document.metadata["end"]
    assert GUIDE["guide.md"][start:end] == document.page_content
    assert document.metadata == {
        "document": "guide.md",
        "title": "Guide",
        "headings": ["Care", "Tools"],
        "start": hit.passage.start,
        "end": hit.passage.end,
        "sha256": hit.passage.sha256,
        "score": hit.score,
    }


def test_k_of_a_call_goes_before_k_of_the_retriever(searcher: Searcher) -> None:
    retriever = PassageRetriever(searcher=searcher, k=1)
    assert len(retriever.invoke("plants")) == 1
    assert len(retriever.invoke("plants", k=3)) == 3
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        PassageRetriever(searcher=searcher, k=0)


def test_arguments_that_would_do_nothing_are_refused(searcher: Searcher) -> None:
    with pytest.raises(TypeError, match=r"unknown arguments \['top_k'\]"):
        PassageRetriever(searcher=searcher).invoke("plants", top_k=3)
