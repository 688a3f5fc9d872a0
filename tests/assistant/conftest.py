"""Indexes of small corpora, each built once per module."""

import json
from collections.abc import Iterator, Mapping

import pytest
from builders import AssistantOpener, GenerationBuilder

from assistant.pipeline import Assistant
from assistant.reader.runtime import OnnxReader, Reader
from assistant.scorer import Scorer
from corpus.loader import Corpus, parse_document
from index.build import build
from index.generation import DataFolder, Generation
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore


@pytest.fixture(scope="session")
def reader() -> OnnxReader:
    return OnnxReader()


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return DataFolder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def texts(data_folder: DataFolder) -> TextStore:
    """The texts of all documents that `build_generation` indexed."""
    return TextStore(data_folder.texts)


@pytest.fixture(scope="module")
def build_generation(encoder: OnnxEncoder, data_folder: DataFolder) -> Iterator[GenerationBuilder]:
    """Indexes the given files, name to content, and opens the generation."""
    generations: dict[str, Generation] = {}

    def built(files: Mapping[str, str]) -> Generation:
        key = json.dumps(files)
        if key not in generations:
            documents = tuple(parse_document(*file) for file in sorted(files.items()))
            build(Corpus(documents, ()), encoder, "test", data_folder, {})
            generations[key] = data_folder.open(encoder.fingerprint)
        return generations[key]

    yield built
    for generation in generations.values():
        generation.close()


@pytest.fixture(scope="module")
def open_assistant(
    build_generation: GenerationBuilder, encoder: OnnxEncoder, texts: TextStore
) -> AssistantOpener:
    """Opens an assistant on the given files, by default without a reader."""

    def opened(files: Mapping[str, str], scorer: Scorer, reader: Reader | None = None) -> Assistant:
        return Assistant(build_generation(files), encoder, texts, scorer, reader)

    return opened
