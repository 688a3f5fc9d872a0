"""Builds the values that several test files need."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from assistant.answer import Answer, Citation, Related, Sentence, Status
from assistant.pipeline import Assistant
from assistant.scorer import Scorer
from corpus.document import Kind, Passage
from corpus.formats.registry import FORMATS_VERSION
from corpus.loader import load_corpus
from corpus.splitter import SPLITTER_VERSION
from index.build import BuildResult, build
from index.encoder import Encoder, Progress, Vectors, no_progress
from index.generation import DataFolder, Generation
from index.layout import Layout
from index.manifest import FORMAT_VERSION, IndexedDocument, Manifest
from index.search import Searcher
from index.vectors import write_vectors

GenerationBuilder = Callable[[Mapping[str, str]], Generation]
AssistantOpener = Callable[..., Assistant]
DIGEST = "0" * 64


def make_citation(
    number: int = 1,
    quote: str = "a quote",
    document: str = "a.md",
    title: str = "A",
    headings: tuple[str, ...] = (),
    place: str = "",
    stale: bool = False,
    date: str = "",
    source: str = "",
) -> Citation:
    """A citation of the beginning of a document."""
    return Citation(
        number,
        document,
        title,
        headings,
        DIGEST,
        0,
        len(quote),
        quote,
        stale=stale,
        place=place,
        date=date,
        source=source,
    )


def make_answer(
    *sentences: tuple[str, tuple[int, ...]],
    citations: tuple[Citation, ...] | None = None,
    mark: str = "",
    question: str = "When are beans sown?",
) -> Answer:
    """An answer of these sentences, each with the numbers of its citations, in the form in which
    the writer joins them, as a list if there is a `mark`. Without `citations`, there is one for
    every number."""
    text = ""
    placed = []
    for sentence, numbers in sentences:
        text += ("\n" if text and mark else " " if text else "") + mark
        placed.append(Sentence(sentence, len(text), len(text) + len(sentence), numbers))
        text += sentence + "".join(f" [{number}]" for number in numbers)
    if citations is None:
        numbers = tuple(sorted({number for _, each in sentences for number in each}))
        citations = tuple(make_citation(number) for number in numbers)
    return Answer(
        id="a" * 32,
        conversation_id="talk",
        question=question,
        standalone_question=question,
        status=Status.ANSWERED if sentences else Status.REFUSED,
        text=text if sentences else "No answer.",
        sentences=tuple(placed),
        citations=citations,
        confidence=0.9,
        suggestions=(),
        related=(),
        writer="extractive",
        generation="g1",
    )


def make_related(document: str) -> Related:
    """A passage at the beginning of a document."""
    return Related(document, DIGEST, 0, 4, "near")


def shipped_scorer(kind: str = "reader") -> Scorer:
    """The fitted scorer of the package: "reader" or "plain"."""
    text = files("assistant").joinpath("scorer.json").read_text(encoding="utf-8")
    return Scorer.from_dict(json.loads(text)[kind])


def link_encoders(data: Path, source: Path) -> None:
    """Makes the exported encoders of one data folder available in another."""
    encoders = Layout(data).encoders
    encoders.parent.mkdir(parents=True, exist_ok=True)
    encoders.symlink_to(Layout(source).encoders.resolve(), target_is_directory=True)


def write_documents(folder: Path, files: Mapping[str, str]) -> Path:
    """Makes the folder hold exactly these files: name to content, written as UTF-8 bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content.encode())
    return folder


class CountingEncoder:
    """An encoder that remembers the texts of documents that it encoded."""

    def __init__(self, encoder: Encoder, fingerprint: str | None = None) -> None:
        self.fingerprint = fingerprint or encoder.fingerprint
        self.dimensions = encoder.dimensions
        self.knows = encoder.knows
        self.encode_query = encoder.encode_query
        self.encoded: list[str] = []
        self._encoder = encoder

    def encode_documents(self, texts: Sequence[str], progress: Progress = no_progress) -> Vectors:
        self.encoded.extend(texts)
        return self._encoder.encode_documents(texts, progress)


class SmallIndex:
    """An index of a few documents. `built` is the result of the last build, and `encoded` the
    texts that were encoded for it."""

    built: BuildResult
    encoded: Sequence[str] = ()

    def __init__(self, root: Path, encoder: Encoder, data: Path | None = None) -> None:
        self.documents = root / "documents"
        self.data = DataFolder(data or root / "data")
        self.encoder = encoder

    def build(
        self,
        files: Mapping[str, str],
        encoder: Encoder | None = None,
        scorer: Mapping[str, float] | None = None,
        **options: Any,
    ) -> BuildResult:
        counting = CountingEncoder(encoder or self.encoder)
        self.encoded = counting.encoded
        corpus = load_corpus(write_documents(self.documents, files))
        self.built = build(corpus, counting, "test", self.data, scorer or {}, **options)
        return self.built

    @contextmanager
    def searcher(self) -> Iterator[Searcher]:
        """A searcher in the published generation."""
        with closing(self.data.open(self.encoder.fingerprint)) as generation:
            yield Searcher(generation, self.encoder)

    def found(self, question: str, k: int = 10) -> list[str]:
        """The texts of the passages that are found."""
        with self.searcher() as searcher:
            return [hit.passage.body for hit in searcher.search(question, k).hits]


def make_manifest(**fields: Any) -> Manifest:
    """The manifest of an index of one passage."""
    defaults = {
        "identity": "i" * 64,
        "format": FORMAT_VERSION,
        "splitter": SPLITTER_VERSION,
        "formats": FORMATS_VERSION,
        "encoder": "tiny",
        "encoder_fingerprint": "f" * 64,
        "dimensions": 3,
        "created": "2026-01-01T00:00:00+00:00",
        "passages": 1,
        "documents": (IndexedDocument("guide.md", "Gärten", DIGEST, 9, 1, 0),),
        "sources": (),
        "files": {},
    }
    return Manifest(**{**defaults, **fields})


def unit_vectors(count: int, dimensions: int, seed: int) -> Vectors:
    """Random vectors of length 1."""
    drawn = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    vectors: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return vectors


def write_collection(folder: Path, vectors: Vectors, progress: Progress = no_progress) -> Path:
    """Writes a collection of these vectors, each of a passage of one character."""
    passages = [
        Passage("a.md", DIGEST, "A", (), n, n + 1, "x", Kind.PARAGRAPH) for n in range(len(vectors))
    ]
    write_vectors(folder, passages, [p.id for p in passages], vectors, progress)
    return folder
