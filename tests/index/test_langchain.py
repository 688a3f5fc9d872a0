import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import SmallIndex
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from index import langchain_adapters
from index.langchain_adapters import EncoderEmbeddings, PassageRetriever, open_chroma
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher

GUIDE = {
    "guide.md": "# Guide\n\n## Care\n\n### Tools\n\nOil the spade.\n\n## Why?\n\nRust eats it.\n",
    "plants.md": "# Plants\n\nRoses need sun.\n\n## Cactus\n\nA cactus needs little water.\n",
}


@pytest.fixture(scope="module")
def index(encoder: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> SmallIndex:
    index = SmallIndex(tmp_path_factory.mktemp("guide"), encoder)
    index.build(GUIDE)
    return index


@pytest.fixture(scope="module")
def searcher(index: SmallIndex) -> Iterator[Searcher]:
    with index.searcher() as searcher:
        yield searcher


class WithEncoder:
    embeddings_class = EncoderEmbeddings
    embedding_model_params: Any = None

    @pytest.fixture(autouse=True)
    def _encoder(self, encoder: OnnxEncoder) -> None:
        self.embedding_model_params = {"encoder": encoder}


class TestEmbeddings(WithEncoder, EmbeddingsUnitTests):
    pass


class TestEmbeddingsIntegration(WithEncoder, EmbeddingsIntegrationTests):
    pass


class TestPassageRetriever(RetrieversIntegrationTests):
    retriever_constructor = PassageRetriever
    retriever_constructor_params: Any = None
    retriever_query_example = "What does a spade need?"

    @pytest.fixture(autouse=True)
    def _searcher(self, searcher: Searcher) -> None:
        self.retriever_constructor_params = {"searcher": searcher}


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


def test_chroma_finds_what_the_vector_store_finds(index: SmallIndex, searcher: Searcher) -> None:
    vector = searcher.encode("desert plant")
    expected = searcher.generation.vector_store.search(vector, 3)
    before = {path: path.stat().st_mtime_ns for path in index.data.current().rglob("*")}
    with open_chroma(index.data, index.encoder) as store:
        found = store.similarity_search_with_score("desert plant", k=3)
        store.delete([str(ordinal) for ordinal, _ in expected])  # from the copy only
    assert [(int(document.id), 1 - distance) for document, distance in found] == expected
    assert found[0][0].metadata["document"] == "plants.md"
    assert {path: path.stat().st_mtime_ns for path in index.data.current().rglob("*")} == before


@pytest.mark.parametrize("number", range(3))
def test_documented_example_runs(
    garden_index: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    number: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    indented_blocks = r"(?:^    .*\n\n?)+"
    docstring = inspect.getdoc(langchain_adapters)
    examples = re.findall(indented_blocks, f"{docstring}\n", re.MULTILINE)
    assert len(examples) == 3
    (tmp_path / ".assistant").symlink_to(garden_index)
    monkeypatch.chdir(tmp_path)
    exec(textwrap.dedent(examples[number]), {})
    assert capsys.readouterr().out
