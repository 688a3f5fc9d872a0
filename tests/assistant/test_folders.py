"""A generation seen through some of its folders answers as an index of these folders alone."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from builders import GenerationBuilder

from assistant.answer import Answer
from assistant.pipeline import Assistant
from assistant.scorer import Scorer
from corpus.loader import Corpus, parse_document
from index.build import build
from index.generation import DataFolder, Generation
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.terms import content_words
from index.texts import TextStore

FILES = {
    "hr/leave.md": "# Leave\n\n## Who grants leave?\n\nYour manager grants 30 days of leave.\n",
    "hr/more/pension.md": (
        "# Pension\n\nThe company pays 5 % of the salary into the pension.\n\n"
        "## Sabbatical\n\nAfter ten years a sabbatical of three months is granted.\n"
    ),
    "it/laptop.md": "# Laptops\n\n## Who grants access?\n\nThe administrator grants access.\n",
    "it/secrets.md": "# Project Quokka\n\nThe salary of the administrator is 90,000.\n",
    "leave.md": "# Leave of the board\n\nThe board has 40 days of leave and no pension.\n",
}
Pair = tuple[Generation, Generation]
Ask = Callable[[Generation, str], Answer]


@pytest.fixture(scope="module")
def whole(build_generation: GenerationBuilder) -> Generation:
    return build_generation(FILES)


@pytest.fixture(scope="module", params=[["hr"], ["it"], ["hr/more", "it"], ["leave.md"]], ids=str)
def pair(
    request: pytest.FixtureRequest,
    whole: Generation,
    data_folder: DataFolder,
    encoder: OnnxEncoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:
    """The whole seen through folders, and an index of these folders alone."""
    view = whole.within(request.param)
    # A copy, because a build reuses the vectors of the published generation: texts that are encoded
    # in other batches have vectors that differ in their last bits.
    data = DataFolder(tmp_path_factory.mktemp("alone"))
    shutil.copytree(data_folder.root, data.root, dirs_exist_ok=True)
    documents = tuple(parse_document(d.path, FILES[d.path]) for d in view.manifest.documents)
    build(Corpus(documents, ()), encoder, "test", data, {})
    with closing(data.open(encoder.fingerprint)) as alone:
        yield view, alone


@pytest.fixture
def ask(encoder: OnnxEncoder, texts: TextStore) -> Ask:
    """Asks a question; ids and timings are left out of the answer."""
    scorer = Scorer({"similarity": 9.0}, 0.0, -1.0, {"similarity": 3.0}, threshold=0.6)

    def asked(generation: Generation, question: str) -> Answer:
        answer = Assistant(generation, encoder, texts, scorer).ask(question)
        return replace(answer, id="", conversation_id="", generation="", timings_ms={})

    return asked


@pytest.mark.parametrize(
    "question",
    [
        "How many days of leave are there?",
        "Who grants it?",
        "How much does the company pay into the pension?",
        "What is the salary of the administrator?",
        "What is Project Quokka?",
        "How long is a sabattical?",
        "How many days of leeve does the board have?",
        "leave",
    ],
)
def test_hits_and_answer_are_those_of_the_folders_alone(
    pair: Pair, encoder: OnnxEncoder, ask: Ask, question: str
) -> None:
    one, other = pair
    view, alone = (Searcher(generation, encoder) for generation in pair)
    assert ask(one, question) == ask(other, question)
    assert view.correct_spelling(question) == alone.correct_spelling(question)
    for context in ("", "Who grants leave?"):
        # Ordinals are those of the whole.
        found, expected = (
            [replace(hit, ordinal=0) for hit in each.search(question, 10, context=context).hits]
            for each in (view, alone)
        )
        assert found == expected
    for word in content_words(question):
        assert one.passages.document_frequency(word) == other.passages.document_frequency(word)
        assert one.passages.correction(word) == other.passages.correction(word)


def test_manifest_and_faq_are_those_of_the_folders_alone(pair: Pair, whole: Generation) -> None:
    view, alone = pair
    assert alone.id.endswith(view.id)
    assert view.vectors is whole.vectors
    assert view.manifest.documents == alone.manifest.documents
    assert view.manifest.passages == alone.manifest.passages == view.passages.count
    assert (view.manifest.unreadable, view.manifest.files) == ((), {})
    one, other = view.passages, alone.passages
    assert [e.passage for e in one.faq_passages()] == [e.passage for e in other.faq_passages()]
    assert one.rows_by_digest().keys() == other.rows_by_digest().keys()


@pytest.mark.parametrize(
    ("folders", "corrected"),
    [(["hr", "it"], "quokka"), (["it"], "quokka"), (["hr"], "quokak")],
)
def test_word_outside_of_the_folders_is_no_correction(
    whole: Generation, encoder: OnnxEncoder, folders: list[str], corrected: str
) -> None:
    assert Searcher(whole.within(folders), encoder).correct_spelling("quokak") == corrected


@pytest.mark.parametrize("folders", [[], [""], ["."], ["/"], ["h"], ["nowhere"]])
def test_no_folder_contains_nothing(whole: Generation, ask: Ask, folders: list[str]) -> None:
    nothing = whole.within(folders)
    assert (nothing.manifest.documents, nothing.manifest.passages) == ((), 0)
    answer = ask(nothing, "How many days of leave are there?")
    assert (answer.sentences, answer.suggestions, answer.related) == ((), (), ())


def test_folders_within_folders_are_their_intersection(whole: Generation) -> None:
    both = whole.within(["hr", "leave.md"]).within(["hr/more", "it"])
    assert [each.path for each in both.manifest.documents] == ["hr/more/pension.md"]
    assert both.passages.count == both.manifest.passages == 2


def test_all_folders_are_the_whole_and_closing_them_leaves_it_open(
    whole: Generation, encoder: OnnxEncoder
) -> None:
    view = whole.within(["hr", "it", "leave.md"])
    found = Searcher(view, encoder).search("How many days of leave are there?", 10).hits
    view.close()
    assert found == Searcher(whole, encoder).search("How many days of leave are there?", 10).hits
