"""A generation seen through some of its folders answers as an index of these folders alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.answer import Answer
from assistant.confidence import Calibration
from assistant.pipeline import Assistant
from corpus.loader import load_corpus
from index.build import build
from index.encoder import Encoder, Progress, Vectors
from index.generation import (
    DataFolder,
    Generation,
)
from index.hits import SearchResult
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.terms import content_words
from index.texts import TextStore

HR = {
    "hr/leave.md": (
        "# Leave\n\n## How many days of leave are there?\n\nThere are 30 days of leave a year.\n\n"
        "## Who grants leave?\n\nYour manager grants leave within a week.\n"
    ),
    "hr/benefits/pension.md": (
        "# Pension\n\nThe company pays 5 % of the salary into the pension.\n\n"
        "## Sabbatical\n\nAfter ten years a sabbatical of three months is granted.\n"
    ),
}
IT = {
    "it/laptop.md": (
        "# Laptops\n\n## How many laptops are there?\n\nEvery manager has one laptop.\n\n"
        "## Who grants access to the server?\n\nThe administrator grants access within a day.\n"
    ),
    "it/secrets.md": (
        "# Project Quokka\n\nThe salary of the administrator is 90,000. Leave the quokkas alone.\n"
    ),
    "leave.md": "# Leave of the board\n\nThe board has 40 days of leave and no pension.\n",
}
QUESTIONS = [
    "How many days of leave are there?",
    "Who grants it?",
    "How much does the company pay into the pension?",
    "What is the salary of the administrator?",
    "What is Project Quokka?",
    "How long is a sabattical?",
    "How many days of leeve does the board have?",
    "leave",
]
CALIBRATION = Calibration(-1.0, {"similarity": 3.0}, 0.6)


class Remembering:
    """An encoder that encodes every text once: the same text has the same vector to the last bit,
    whatever other texts it is encoded with."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}
        self.fingerprint = encoder.fingerprint
        self.dimensions = encoder.dimensions

    def knows(self, word: str) -> bool:
        return self._encoder.knows(word)

    def encode_query(self, text: str) -> Vectors:
        return self._encoder.encode_query(text)

    def encode_documents(
        self, texts: Sequence[str], progress: Progress = lambda _: None
    ) -> Vectors:
        for text in texts:
            if text not in self._known:
                self._known[text] = self._encoder.encode_documents([text], progress)[0]
        return np.array([self._known[text] for text in texts])


class World:
    """A data folder, and generations of it."""

    def __init__(self, root: Path, encoder: OnnxEncoder) -> None:
        self.encoder = Remembering(encoder)
        self.data = DataFolder(root / "data")
        self._documents = root / "documents"

    def indexed(self, files: Mapping[str, str]) -> Generation:
        for name, content in files.items():
            (self._documents / name).parent.mkdir(parents=True, exist_ok=True)
            (self._documents / name).write_text(content, encoding="utf-8")
        for path in self._documents.rglob("*.md"):
            if path.relative_to(self._documents).as_posix() not in files:
                path.unlink()
        build(load_corpus(self._documents), self.encoder, "test", self.data, {})
        return self.data.open(self.encoder.fingerprint)

    def assistant(self, generation: Generation) -> Assistant:
        return Assistant(generation, self.encoder, TextStore(self.data.texts), CALIBRATION)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, encoder: OnnxEncoder) -> World:
    return World(tmp_path_factory.mktemp("world"), encoder)


@pytest.fixture(scope="module")
def whole(world: World) -> Iterator[Generation]:
    """All documents."""
    with closing(world.indexed({**HR, **IT})) as generation:
        yield generation


@pytest.fixture(scope="module")
def pairs(world: World, whole: Generation) -> Iterator[list[tuple[Generation, Generation]]]:
    """The whole seen through folders, each beside an index of these folders alone."""
    folders: list[Collection[str]] = [["hr"], ["it"], ["hr/benefits", "it"], ["leave.md"]]
    made = []
    for wanted in folders:
        view = whole.within(wanted)
        files = {d.path: {**HR, **IT}[d.path] for d in view.manifest.documents}
        made.append((view, world.indexed(files)))
    yield made
    for _, alone in made:
        alone.close()


def scores(found: SearchResult) -> list[object]:
    """The hits but for their ordinals, which are those of the whole."""
    return [replace(hit, ordinal=0) for hit in found.hits]


def content(answer: Answer) -> Answer:
    """The answer but for what is drawn by lot or measured by the clock."""
    return replace(answer, id="", conversation_id="", generation="", timings_ms={})


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_found_has_the_scores_that_it_has_alone(
    pairs: list[tuple[Generation, Generation]], world: World, question: str
) -> None:
    for view, alone in pairs:
        seen, own = Searcher(view, world.encoder), Searcher(alone, world.encoder)
        assert seen.correct_spelling(question) == own.correct_spelling(question)
        assert scores(seen.search(question, 10)) == scores(own.search(question, 10))
        in_context = scores(own.search(question, 10, context="Who grants leave?"))
        assert scores(seen.search(question, 10, context="Who grants leave?")) == in_context
        for word in content_words(question):
            assert view.passages.document_frequency(word) == alone.passages.document_frequency(word)
            assert view.passages.correction(word) == alone.passages.correction(word)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_its_citations_and_suggestions_are_those_that_are_given_alone(
    pairs: list[tuple[Generation, Generation]], world: World, question: str
) -> None:
    for view, alone in pairs:
        seen = content(world.assistant(view).ask(question))
        assert seen == content(world.assistant(alone).ask(question))


def test_the_manifest_and_the_questions_are_those_of_the_folders_alone(
    pairs: list[tuple[Generation, Generation]], whole: Generation
) -> None:
    for view, alone in pairs:
        assert view.id == whole.id
        assert view.vectors is whole.vectors
        assert view.manifest.documents == alone.manifest.documents
        assert view.manifest.passages == alone.manifest.passages == view.passages.count
        assert (view.manifest.unreadable, view.manifest.files) == ((), {})
        asked = [entry.passage for entry in view.passages.faq_passages()]
        assert asked == [entry.passage for entry in alone.passages.faq_passages()]
        assert view.passages.rows_by_digest().keys() == alone.passages.rows_by_digest().keys()


def test_a_word_that_stands_outside_only_is_no_correction(world: World, whole: Generation) -> None:
    assert Searcher(whole, world.encoder).correct_spelling("quokak") == "quokka"
    assert Searcher(whole.within(["it"]), world.encoder).correct_spelling("quokak") == "quokka"
    assert Searcher(whole.within(["hr"]), world.encoder).correct_spelling("quokak") == "quokak"


@pytest.mark.parametrize("folders", [[], [""], ["."], ["/"], ["h"], ["nowhere"]])
def test_within_no_folder_nothing_is_found(
    whole: Generation, world: World, folders: list[str]
) -> None:
    nothing = whole.within(folders)
    assert nothing.manifest.documents == ()
    assert nothing.manifest.passages == 0
    answer = world.assistant(nothing).ask(QUESTIONS[0])
    assert (answer.sentences, answer.suggestions, answer.related) == ((), (), ())


def test_folders_within_folders_are_those_that_both_have(whole: Generation) -> None:
    both = whole.within(["hr", "leave.md"]).within(["hr/benefits", "it"])
    assert [each.path for each in both.manifest.documents] == ["hr/benefits/pension.md"]
    assert both.passages.count == both.manifest.passages == 2


def test_all_folders_are_the_whole(whole: Generation, world: World) -> None:
    view = whole.within(["hr", "it", "leave.md"])
    for question in QUESTIONS:
        found = Searcher(view, world.encoder).search(question, 10)
        assert found.hits == Searcher(whole, world.encoder).search(question, 10).hits


def test_closing_what_is_seen_through_folders_leaves_the_whole_open(
    whole: Generation, world: World
) -> None:
    whole.within(["hr"]).close()
    assert Searcher(whole, world.encoder).search("laptop", 1).hits
