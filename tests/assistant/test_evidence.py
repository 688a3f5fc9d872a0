"""Evidence: the blocks that are proposed, and what their features say."""

from collections.abc import Callable, Sequence

import pytest
from builders import GenerationBuilder

from assistant.coverage import WordWeights, word_weights
from assistant.english.question import Question
from assistant.evidence import Evidence, collect_evidence, read_evidence
from assistant.reader.runtime import Reader, Reading, Row
from corpus.document import Kind, Passage
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.terms import stem

GARDEN = (
    "# Garden\n\n## Pests\n\nAgainst snails there are three remedies:\n\n- beer traps\n"
    "- copper tape\n\n## Roses\n\nRoses want sun and a deep soil.\n"
)
ROLES = "# Roles\n\n| Role | Task |\n|---|---|\n| Usher | shows seats |\n| Grip | moves scenery |\n"

Collect = Callable[..., list[Evidence]]


@pytest.fixture
def collect(encoder: OnnxEncoder, build_generation: GenerationBuilder) -> Collect:
    """The evidence of a document for a question."""

    def collected(document: str, text: str, reader: Reader | None = None) -> list[Evidence]:
        generation, question = build_generation({"guide.md": document}), Question(text)
        words = generation.passages
        weights = word_weights(question, words.document_frequency, words.count)
        found = Searcher(generation, encoder).search(text, 10)
        evidence = collect_evidence(question, found, weights)
        return read_evidence(question, evidence, reader) if reader else evidence

    return collected


def feature(collect: Collect, name: str, question: str, text: str) -> float:
    """The feature of the evidence that is the whole of a one-sentence document."""
    (evidence,) = collect(f"# Guide\n\n{text}\n", question)
    assert evidence.text == text
    return float(getattr(evidence.features, name))


class SureOf:
    """A reader that is sure of the units that contain a text, and of no others."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._passages: list[Passage] = []

    def row(self, question: str, passage: Passage, place: int) -> Row:
        self._passages.append(passage)
        return Row((len(self._passages) - 1,), (0,), dict.fromkeys(range(len(passage.units)), 0))

    def read(self, rows: Sequence[Row]) -> list[Reading]:
        return [self._reading(self._passages[row.ids[0]]) for row in rows]

    def _reading(self, passage: Passage) -> Reading:
        sources = [passage.source(unit) for unit in passage.units]
        return Reading({n: 6.0 if self.text in each else -6.0 for n, each in enumerate(sources)}, 3)


def test_units_pairs_and_the_whole_are_proposed_each_once(collect: Collect) -> None:
    found = collect("# Tea\n\nTea warms. Tea calms. Tea wakes.\n", "What does tea do?")
    assert [each.places for each in found] == [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]
    assert found[3].text == "Tea warms.\nTea calms."


def test_blocks_of_a_long_passage_are_proposed_around_its_most_similar_units(
    collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.evidence._MAX_ANCHORS", 1)
    found = collect("# Tea\n\nTea warms. Ships sail. Horses run.\n", "What do horses do?")
    assert [each.places for each in found] == [(2,), (0, 1, 2)]


def test_list_is_proposed_with_its_introduction(collect: Collect) -> None:
    texts = [each.text for each in collect(GARDEN, "What helps against snails?")]
    assert "Against snails there are three remedies:\nbeer traps\ncopper tape" in texts


def test_rows_show_the_cells_that_are_asked_for_and_headers_are_no_evidence(
    collect: Collect,
) -> None:
    found = collect(ROLES, "What is the task of the usher?")
    assert found[0].text == "Usher, Task: shows seats"
    kinds = {each.passage.units[place].kind for each in found for place in each.places}
    assert kinds == {Kind.ROW}


@pytest.mark.parametrize(
    ("name", "question", "text", "expected"),
    [
        ("type_missing", "When was the pump built?", "The pump was built last March.", 0),
        ("type_missing", "When was the pump built?", "The pump was built by Ada Green.", 1),
        ("coverage", "Is the pump of brass red?", "The pump of brass is red.", 1),
        ("names", "Did Ada Brown build the pump?", "Ada Green built the pump in 1911.", 1 / 2),
        ("names", "Did Ada Green build the pump?", "Ada Green built the pump in 1911.", 0),
        ("names", "Did they build the pump?", "Ada Green built the pump in 1911.", 0),
        ("contrast", "Do internal customers pay?", "The external customers pay.", 1),
        ("contrast", "Do external customers pay?", "The external customers pay.", 0),
        ("brevity", "pump?", "The brass pump is red.", 1),
        ("heading_coverage", "Is there a guide?", "The pump of brass is red.", 1),
        (
            "neighbours",
            "Is the brass pump red?",
            "The brass pump is old, tall and never red.",
            1 / 2,
        ),
        ("numbers", "Is pump 7 red?", "Pump 8 is red.", 1),
        ("numbers", "Is pump 8 red?", "Pump 8 is red.", 0),
        ("decides", "Can I use the pump?", "The pump is not for children.", 1),
        ("decides", "Where is the pump?", "The pump is not in the yard.", 0),
        ("instructs", "How do I start the pump?", "To start the pump, press the button.", 1),
        ("instructs", "How do I start the pump?", "The pump is red.", 0),
        ("instructs", "When is the pump started?", "Press the button.", 0),
        ("opening", "Is the pump red?", "The pump is red.", 1),
        ("only_listed", "Is the pump red?", "The pump is red.", 0),
        ("outline", "Is the pump red?", "Red pumps", 1),
        ("outline", "Is the pump red?", "[Red pumps](pumps.md)", 1),
        ("outline", "When was the pump red?", "[Red pumps](pumps.md)", 0),
        ("outline", "Is the pump red?", "The [pump](pumps.md) is red.", 0),
        ("remedy", "My pump is stuck.", "To fix a stuck pump, clean it.", 1),
        ("remedy", "My pump is stuck.", "A stuck pump is dirty.", 0),
        ("remedy", "Why is the pump stuck?", "To fix a stuck pump, clean it.", 0),
        ("remedy", "What does the pump do?", "To fix a stuck pump, clean it.", 0),
        ("news", "Is the pump red?", "The pump is red.", 0),
        ("rank", "Is the pump red?", "The pump is red.", 0),
        ("unread", "Is the pump red?", "The pump is red.", 1),
        ("reader", "Is the pump red?", "The pump is red.", 0),
    ],
)
def test_feature_describes_the_evidence(
    collect: Collect, name: str, question: str, text: str, expected: float
) -> None:
    assert feature(collect, name, question, text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("question", "label"), [("What does the usher do?", 1), ("Who shows seats?", 0)]
)
def test_row_that_is_named_has_a_label(collect: Collect, question: str, label: float) -> None:
    usher = next(e for e in collect(ROLES, question) if e.text.startswith("Usher"))
    assert usher.features.label == label


def test_headings_count_for_headed_coverage_only(collect: Collect) -> None:
    (evidence,) = collect("# Pump\n\nBrass rusts slowly.\n", "Does the pump of brass rust?")
    features = evidence.features
    assert features.coverage < features.headed_coverage == 1


def test_reader_tells_of_the_units_that_it_read(collect: Collect) -> None:
    found = collect(GARDEN, "What do roses want?", SureOf("Roses"))
    roses = next(each.features for each in found if each.text.startswith("Roses"))
    snails = next(each.features for each in found if each.text.startswith("Against"))
    assert (roses.unread, roses.reader) == pytest.approx((0, 0.6))
    assert (snails.unread, snails.reader) == pytest.approx((0, -0.6))


def test_reader_reads_around_the_first_blocks_a_few_rows_in_all(
    collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.evidence._MAX_READ", 1)
    found = collect(GARDEN, "What helps against snails?")
    question = Question("What helps against snails?")
    for order in (found, found[::-1]):
        read = read_evidence(question, order, SureOf("copper"))
        unread = {each.hit.ordinal for each in read if each.features.unread}
        assert unread == {found[0].hit.ordinal, found[-1].hit.ordinal} - {order[0].hit.ordinal}


def test_unit_that_the_reader_is_surest_of_is_decisive(collect: Collect) -> None:
    found = collect(GARDEN, "What helps against snails?", SureOf("copper"))
    whole = next(each for each in found if len(each.places) == 3)
    assert whole.passage.source(whole.passage.units[whole.decisive]) == "copper tape"


def test_rare_word_weighs_more_than_a_frequent_one() -> None:
    weights = word_weights(Question("Crows molt"), {"crows": 9, "molt": 1}.__getitem__, 10)
    assert weights.rarity[stem("molt")] > weights.rarity[stem("crows")] > 0
    over = word_weights(Question("Crows"), lambda _: 99, 10)
    assert over.rarity[stem("crows")] > 0


def test_coverage_is_the_share_of_the_words_by_rarity() -> None:
    weights = WordWeights({"crow": 1.0, "molt": 3.0})
    assert weights.coverage(frozenset({"crow", "molt"})) == 1
    assert weights.coverage(frozenset({"molt"})) == pytest.approx(0.75)
    assert weights.coverage(frozenset()) == WordWeights({}).coverage(frozenset({"crow"})) == 0
