"""Indexes of small corpora, for the tests of answering."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import Writer

from corpus.loader import load_corpus
from index.build import build
from index.generation import DataFolder, Generation
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore

GenerationBuilder = Callable[[Mapping[str, str]], Generation]


@pytest.fixture
def texts(tmp_path: Path) -> TextStore:
    """The texts of all documents that `build_generation` indexed."""
    return TextStore(DataFolder(tmp_path / "data").texts)


@pytest.fixture
def build_generation(
    encoder: OnnxEncoder, folder_of: Writer, tmp_path: Path
) -> Iterator[GenerationBuilder]:
    """Indexes the given files and opens the generation."""
    data = DataFolder(tmp_path / "data")
    with ExitStack() as stack:

        def built(files: Mapping[str, str]) -> Generation:
            build(load_corpus(folder_of(files)), encoder, "test", data, {})
            generation = data.open(encoder.fingerprint)
            stack.callback(generation.close)
            return generation

        yield built
