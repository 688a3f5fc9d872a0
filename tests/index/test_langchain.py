import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Writer
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from corpus.loader import load_corpus
from index import langchain_adapters
from index.build import build
from index.generation import DataFolder
from index.langchain_adapters import EncoderEmbeddings, PassageRetriever, open_chroma
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher

GUIDE = {
    "guide.md": "# Guide\n\n## Care\n\n### Tools\n\nOil the spade.\n\n## Why?\n\nRust eats it.\n",
    "plants.md": "# Plants\n\nRoses need sun.\n\n## Cactus\n\nA cactus needs little water.\n",
}
# The indented blocks of the module's docstring.
EXAMPLES = re.findall(r"(?:^    .*\n\n?)+", f"{inspect.getdoc(langchain_adapters)}\n", re.M)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def data(folder_of: Writer, encoder: OnnxEncoder, tmp_path: Any) -> DataFolder:
    data = DataFolder(tmp_path / "data")
    build(load_corpus(folder_of(GUIDE)), encoder, "test", data, {})
    return data


@pytest.fixture
def searcher(data: DataFolder, encoder: OnnxEncoder) -> Iterator[Searcher]:
    generation = data.open(encoder.fingerprint)
    yield Searcher(generation, encoder)
    generation.close()


class _Encoder:
    @pytest.fixture(autouse=True)
    def _encoder(self, encoder: OnnxEncoder) -> None:
        self.encoder = encoder

    @property
    def embeddings_class(self) -> type[EncoderEmbeddings]:
        return EncoderEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"encoder": self.encoder}


class TestEmbeddings(_Encoder, EmbeddingsUnitTests):
    """LangChain's unit tests."""


@pytest.mark.anyio
class TestEmbeddingsIntegration(_Encoder, EmbeddingsIntegrationTests):
    """LangChain's integration tests."""


@pytest.mark.anyio
class TestPassageRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _searcher(self, searcher: Searcher) -> None:
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
    assert embeddings.embed_documents(["a", "b"]) == encoder.encode_documents(["a", "b"]).tolist()
    assert embeddings.embed_documents([]) == []


def test_retrieved_documents_name_their_source(searcher: Searcher) -> None:
    (document,) = PassageRetriever(searcher=searcher, k=1).invoke("Which tool is oiled?")
    (hit,) = searcher.search("Which tool is oiled?", 1).hits
    start, end = 2, GUIDE["guide.md"].index("Oil") + len("Oil the spade.")
    assert (document.id, document.page_content) == (
        hit.passage.id,
        "Guide\n\n## Care\n\n### Tools\n\nOil the spade.",
    )
    assert document.metadata == {
        "document": "guide.md",
        "title": "Guide",
        "headings": ["Care", "Tools"],
        "start": start,
        "end": end,
        "sha256": hit.passage.sha256,
        "score": hit.score,
    }


def test_k_can_be_overridden_and_nothing_else(searcher: Searcher) -> None:
    retriever = PassageRetriever(searcher=searcher, k=1)
    assert len(retriever.invoke("plants")) == 1
    assert len(retriever.invoke("plants", k=3)) == 3
    with pytest.raises(TypeError, match=r"unknown arguments \['top_k'\]"):
        retriever.invoke("plants", top_k=3)
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        PassageRetriever(searcher=searcher, k=0)


def test_chroma_finds_what_the_vector_store_finds(data: DataFolder, encoder: OnnxEncoder) -> None:
    generation = data.open(encoder.fingerprint)
    expected = generation.vector_store.search(encoder.encode_query("desert plant"), 3)
    generation.close()
    before = {path: path.stat().st_mtime_ns for path in data.current().rglob("*")}
    with open_chroma(data, encoder) as store:
        found = store.similarity_search_with_score("desert plant", k=3)
        store.delete([str(ordinal) for ordinal, _ in expected])  # from the copy only
    assert [document.id for document, _ in found] == [str(ordinal) for ordinal, _ in expected]
    assert [1 - distance for _, distance in found] == [cosine for _, cosine in expected]
    assert found[0][0].metadata["document"] == "plants.md"
    assert {path: path.stat().st_mtime_ns for path in data.current().rglob("*")} == before


@pytest.mark.parametrize("example", EXAMPLES)
def test_documented_example_runs(
    garden_index: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, example: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert len(EXAMPLES) == 3
    (tmp_path / ".assistant").symlink_to(garden_index)
    monkeypatch.chdir(tmp_path)
    exec(textwrap.dedent(example), {})
    assert capsys.readouterr().out
