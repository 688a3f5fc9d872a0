"""Selecting evidence: the sentence, pair, list, row or two sides that answer, and no more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from assistant.english.question import Question
from assistant.english.statements import announces
from assistant.evidence import (
    Evidence,
    WordWeights,
    apply_reader,
    collect_evidence,
    word_weights,
)
from assistant.reader.runtime import Reader, Reading
from assistant.selection import Selection, Shape, select
from corpus.document import Kind, Passage
from index.generation import Generation
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.terms import stem

CACTUS = ["Every three weeks.", "It gets nothing in winter."]
FAQ = f"# Questions\n\n## How often is a cactus watered?\n\n{' '.join(CACTUS)}\n"
REMEDIES = ["Against snails there are three remedies:", "beer traps", "copper tape"]
GARDEN = (
    "# Garden\n\n## Pests\n\nAgainst snails there are three remedies:\n\n- beer traps\n"
    "- copper tape\n\n## Roses\n\nRoses want sun and a deep soil.\n"
)
PROMPTER = "Prompter | whispers forgotten lines"
USHER = "Usher | shows guests to their seats"
GRIP = "Grip | moves the scenery"
THEATRE = (
    "# Theatre\n\n## Roles in the theatre\n\n| Role | Task |\n|---|---|\n"
    f"| {PROMPTER} |\n| {USHER} |\n| {GRIP} |\n"
)
TAILS = ["Crows have a fan-shaped tail.", "Ravens have a wedge-shaped tail."]
BIRDS = (
    f"# Birds\n\n## Crows\n\n{TAILS[0]} They live in small towns.\n\n"
    f"## Ravens\n\n{TAILS[1]} They live in high mountains.\n"
)
DIFFERENCE = "The difference between crows and ravens is the shape of the tail."
JOINT = (
    f"# Birds\n\n{DIFFERENCE}\n\n## Food\n\nCrows eat nuts.\n\n## Nests\n\nRavens nest on rocks.\n"
)
INTERNAL = "Internal customers work for the same company."
EXTERNAL = "External customers buy the product and pay for it."
CUSTOMERS = (
    f"# Customers\n\n## Internal customers\n\n{INTERNAL}\n\n## External customers\n\n{EXTERNAL}\n"
)
STAFF = "Staff are internal and never pay."
SHOP = f"# Shop\n\nOur external customers do pay in cash. {STAFF}\n"
EFFECTS = ["Tea has three effects on tired people.", "They are warmth and calm and sleep."]
TEA = f"# Tea\n\n{' '.join(EFFECTS)}\n"


@dataclass(frozen=True)
class World:
    """An index, and what answering makes of it."""

    generation: Generation
    searcher: Searcher

    def evidence(self, text: str) -> list[Evidence]:
        return collect_evidence(asked(text), self.searcher.search(text, 10), self.weights(text))

    def weights(self, text: str) -> WordWeights:
        words = self.generation.passages
        return word_weights(asked(text), words.document_frequency, words.count)

    def select(self, text: str, reader: Reader | None = None) -> Selection | None:
        found, weights = self.searcher.search(text, 10), self.weights(text)
        evidence = collect_evidence(asked(text), found, weights)
        if reader:
            evidence = apply_reader(asked(text), evidence, reader)
        return select(asked(text), found, evidence, weights)

    def quotes(self, text: str, reader: Reader | None = None) -> tuple[Shape, list[str]]:
        """The shape of the selection, and its units as they stand in the documents."""
        selection = self.select(text, reader)
        assert selection
        return selection.shape, [
            passage.text[unit.start - passage.start : unit.end - passage.start]
            for passage, unit in selection.units
        ]


Worlds = Callable[[str], World]


@pytest.fixture
def world(
    encoder: OnnxEncoder, build_generation: Callable[[Mapping[str, str]], Generation]
) -> Worlds:
    """Indexes one Markdown document."""

    def make(text: str) -> World:
        generation = build_generation({"document.md": text})
        return World(generation, Searcher(generation, encoder))

    return make


class SureOf:
    """A reader that is sure of the units with a certain text, and of no others."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[str] = []

    def read(self, question: str, places: Sequence[tuple[Passage, int]]) -> list[Reading]:
        self.asked.append(question)
        return [self._reading(passage) for passage, _ in places]

    def _reading(self, passage: Passage) -> Reading:
        shift = passage.start
        logits = {
            place: 6.0 if self.text in passage.text[u.start - shift : u.end - shift] else -6.0
            for place, u in enumerate(passage.units)
        }
        return Reading(logits, max(logits.values()))


def asked(text: str) -> Question:
    return Question(text)


@pytest.mark.parametrize(
    ("document", "question", "shape", "quotes"),
    [
        (FAQ, "How often is a cactus watered?", Shape.FAQ, CACTUS),
        (FAQ, "How frequently should I water a cactus?", Shape.FAQ, CACTUS),
        (GARDEN, "What are the remedies against snails?", Shape.LIST, REMEDIES),
        (GARDEN, "What do roses want?", Shape.SENTENCE, ["Roses want sun and a deep soil."]),
        (THEATRE, "What are the roles in the theatre?", Shape.LIST, [PROMPTER, USHER, GRIP]),
        (THEATRE, "What does an usher do?", Shape.TABLE, [USHER]),
        (THEATRE, "What role does the grip play?", Shape.TABLE, [GRIP]),
        (THEATRE, "Who whispers forgotten lines?", Shape.TABLE, [PROMPTER]),
        (BIRDS, "What is the difference between crows and ravens?", Shape.COMPARISON, TAILS),
        (BIRDS, "How do ravens differ from crows?", Shape.COMPARISON, TAILS),
        (BIRDS, "Compare the tail of crows with the tail of ravens.", Shape.COMPARISON, TAILS),
        (BIRDS, "Crows vs ravens", Shape.COMPARISON, TAILS),
        (JOINT, "What is the difference between crows and ravens?", Shape.SENTENCE, [DIFFERENCE]),
        (CUSTOMERS, "Who are internal customers?", Shape.SENTENCE, [INTERNAL]),
        (CUSTOMERS, "Who are external customers?", Shape.SENTENCE, [EXTERNAL]),
        (SHOP, "How do internal customers pay?", Shape.SENTENCE, [STAFF]),  # not the opposite
        (TEA, "What are the effects of tea on tired people?", Shape.SENTENCE, EFFECTS),
    ],
)
def test_smallest_evidence_that_answers_is_selected(
    world: Worlds, document: str, question: str, shape: Shape, quotes: list[str]
) -> None:
    assert world(document).quotes(question) == (shape, quotes)


def test_comparison_with_an_unknown_side_is_none(world: Worlds) -> None:
    selection = world(BIRDS).select("What is the difference between crows and penguins?")
    assert selection and selection.shape is Shape.SENTENCE


def test_bare_title_does_not_answer(world: Worlds) -> None:
    text = "# Shop\n\nOpening hours\n\nThe shop opens at nine and closes at five.\n"
    selection = world(text).select("Tell me about the opening hours")
    assert selection
    assert selection.best.source.startswith("The shop opens")


@pytest.mark.parametrize(
    "question", ["Pests", "Roses", "Garden", "Roles in the theatre", "What are pests?"]
)
def test_heading_is_never_an_answer(world: Worlds, question: str) -> None:
    text = GARDEN + THEATRE.removeprefix("# Theatre\n\n")
    _, quotes = world(text).quotes(question)
    assert not {"Pests", "Roses", "Garden", "Roles in the theatre"} & set(quotes)
    assert not any("#" in quote or "Role | Task" in quote for quote in quotes)


def test_headers_and_code_are_not_evidence(world: Worlds) -> None:
    text = GARDEN + "\n## Code\n\n```\nsnails = remedies\n```\n" + THEATRE
    evidence = world(text).evidence("Which remedies and roles are there against snails?")
    assert {each.unit.kind for each in evidence} == {Kind.ITEM, Kind.ROW, Kind.PARAGRAPH}


def test_evidence_is_sorted_and_quotes_its_document(world: Worlds) -> None:
    evidence = world(BIRDS).evidence("Where do ravens live?")
    assert [e.total for e in evidence] == sorted((e.total for e in evidence), reverse=True)
    assert all(e.source == BIRDS[e.unit.start : e.unit.end] for e in evidence)
    assert len(evidence) == 4


def test_reader_decides_between_similar_scores(world: Worlds) -> None:
    reader = SureOf("mountains")
    birds = world(BIRDS)
    assert birds.quotes("Where do ravens live?", reader) == (
        Shape.SENTENCE,
        ["They live in high mountains."],
    )
    assert reader.asked == ["Where do ravens live?"]


def test_next_sentence_is_quoted_if_the_reader_says_it_answers(
    world: Worlds,
) -> None:
    birds = world(BIRDS)
    assert birds.quotes("Tell me of a raven", SureOf("R"))[1] == [
        "Ravens have a wedge-shaped tail."
    ]
    assert birds.quotes("Tell me of a raven", SureOf(""))[1] == [
        "Ravens have a wedge-shaped tail.",
        "They live in high mountains.",
    ]


def test_sentence_announces_if_it_counts_things_without_naming_them() -> None:
    assert announces("Tea has three effects.")
    assert announces("The effects are the following.")
    assert not announces("Tea calms, warms, and wakes two people.")
    assert not announces("Tea calms.")


def test_nothing_is_selected_without_evidence(world: Worlds) -> None:
    birds = world(BIRDS)
    found = birds.searcher.search("Ravens?", 10)
    assert select(asked("Ravens?"), found, [], WordWeights({})) is None


def test_rare_word_weighs_more_than_a_frequent_one() -> None:
    seen = {"crows": 9, "molt": 1}
    weights = word_weights(asked("Crows molt"), lambda word: seen[word], 10)
    assert weights.rarity[stem("molt")] > weights.rarity[stem("crows")] > 0
    over = word_weights(asked("Crows"), lambda _: 99, 10)
    assert over.rarity[stem("crows")] > 0


def test_coverage_discounts_words_around_the_text() -> None:
    weights = WordWeights({"crow": 1.0, "molt": 3.0})
    crow, molt, none = frozenset({"crow"}), frozenset({"molt"}), frozenset[str]()
    assert weights.coverage(crow | molt, none) == 1
    assert weights.coverage(molt, none) == pytest.approx(0.75)
    assert 0 < weights.coverage(none, molt) < weights.coverage(molt, none)
    assert weights.coverage(none, none) == 0
    assert WordWeights({}).coverage(crow, crow) == 0
